// SPDX-License-Identifier: BSL-1.0
//
// What a fuzz target is linked with when it is not built for fuzzing: runs it on every file of a
// corpus and on mutations of them that are the same each time. So every build of the tests,
// whatever the compiler and the sanitizer, covers what fuzzing once found.
//
//   address_fuzz <directory or file>... [--mutations=<count>]
//
// An input that ends the process is written to a file whose name is printed. Having no input at all
// is a failure.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Sanitizers end the process without a signal; they call this first.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr std::size_t longest_input_bytes = 4096;

struct input {
  std::string name;
  std::string bytes;
};

// What is being run, for report().
const input* current = nullptr;

// Called while the process dies, if need be from a signal handler. What it calls beyond write(2)
// and its kin would be forbidden there, had the process anything to lose.
void report() {
  const input* const culprit = std::exchange(current, nullptr);
  if (culprit == nullptr) {
    return;
  }
  const char* directory = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (directory == nullptr) {
    directory = "/tmp";
  }
  const std::string path = std::string(directory) + "/crash-" + std::to_string(::getpid());
  std::ofstream(path, std::ios::binary) << culprit->bytes;
  std::fprintf(stderr, "replay: failed on %s, which is in %s:\n", culprit->name.c_str(),
               path.c_str());
  for (const char c : culprit->bytes) {
    std::fprintf(stderr, c >= ' ' && c <= '~' && c != '\\' ? "%c" : "\\x%02x",
                 static_cast<unsigned char>(c));
  }
  std::fputc('\n', stderr);
}

void on_signal(int number) {
  report();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// The input ends where its memory ends, so that a sanitizer sees who reads on.
void run(const input& which) {
  const std::vector<std::uint8_t> exact(which.bytes.begin(), which.bytes.end());
  current = &which;
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  current = nullptr;
}

std::vector<input> read_inputs(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    if (fs::is_directory(path)) {
      for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
        files.push_back(entry.path());
      }
    } else {
      files.emplace_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<input> inputs;
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
      std::fprintf(stderr, "replay: cannot read %s\n", file.c_str());
      std::exit(1);
    }
    inputs.push_back({file.filename().string(), {std::istreambuf_iterator<char>(stream), {}}});
  }
  return inputs;
}

// Plain changes to the inputs of a corpus. The numbers of mt19937 are the same everywhere.
class mutator {
 public:
  explicit mutator(const std::vector<input>& corpus) : corpus_(corpus) {}

  input next(int number) {
    const input& parent = pick(corpus_);
    input child{parent.name + ", mutation " + std::to_string(number), parent.bytes};
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      change(child.bytes);
    }
    child.bytes.resize(std::min(child.bytes.size(), longest_input_bytes));
    return child;
  }

 private:
  template <typename Container>
  const typename Container::value_type& pick(const Container& from) {
    return from[below(from.size())];
  }

  std::size_t below(std::size_t limit) { return random_() % limit; }

  void change(std::string& bytes) {
    static constexpr std::array<char, 16> telling{'\0', '\x01', '\t',   '\n',  '\r', ' ',
                                                  '%',  '*',    '.',    '0',   '9',  ':',
                                                  '[',  ']',    '\x7f', '\xff'};
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t count = below(std::min<std::size_t>(bytes.size() - at, 16) + 1);
    switch (below(7)) {
      case 0:
        if (at < bytes.size()) {
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        }
        break;
      case 1:
        bytes.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:
        bytes.insert(at, 1, pick(telling));
        break;
      case 3:
        if (at < bytes.size()) {
          bytes[at] = pick(telling);
        }
        break;
      case 4:
        bytes.erase(at, count);
        break;
      case 5:
        bytes.insert(at, bytes.substr(at, count));
        break;
      default: {
        // The end of another input.
        const std::string& other = pick(corpus_).bytes;
        bytes.replace(at, std::string::npos, other, below(other.size() + 1), std::string::npos);
        break;
      }
    }
  }

  const std::vector<input>& corpus_;
  std::mt19937 random_{20240229};
};

}  // namespace

int main(int argc, char** argv) {
  int mutations = 0;
  std::vector<std::string> paths;
  for (const std::string_view argument : std::vector<std::string_view>(argv + 1, argv + argc)) {
    constexpr std::string_view option = "--mutations=";
    if (!argument.starts_with(option)) {
      paths.emplace_back(argument);
      continue;
    }
    const char* const end = argument.data() + argument.size();
    if (std::from_chars(argument.data() + option.size(), end, mutations).ptr != end) {
      std::fprintf(stderr, "replay: not a number: %s\n", argument.data());
      return 2;
    }
  }
  const std::vector<input> corpus = read_inputs(paths);
  if (corpus.empty()) {
    std::fprintf(stderr, "replay: there is no input\n");
    return 1;
  }

  for (const int number : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP}) {
    std::signal(number, on_signal);
  }
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(report);
  }
  run({"the empty input", ""});
  for (const input& each : corpus) {
    run(each);
  }
  mutator source(corpus);
  for (int i = 1; i <= mutations; ++i) {
    run(source.next(i));
  }
  std::printf("replay: %zu inputs and %d mutations of them\n", corpus.size(), mutations);
  return 0;
}
