// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/symbolize.h"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

namespace netpoll {
namespace {

// A file that may be anything: nothing is read that does not lie in it.
class untrusted_file {
 public:
  explicit untrusted_file(const char* path) {
    std::error_code error;
    // To open a FIFO would wait for its other end.
    if (std::filesystem::is_regular_file(path, error)) {
      stream_.open(path, std::ios::binary | std::ios::ate);
      const std::streamoff end = stream_.tellg();
      size_ = end > 0 ? static_cast<std::uint64_t>(end) : 0;
    }
  }

  bool read(std::uint64_t offset, void* data, std::uint64_t size) {
    if (offset > size_ || size > size_ - offset) {
      return false;
    }
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(static_cast<char*>(data), static_cast<std::streamsize>(size));
    return static_cast<bool>(stream_);
  }

  // `count` elements one after another. None if the file ends before.
  template <typename Container>
  Container read_all(std::uint64_t offset, std::uint64_t count) {
    using element = typename Container::value_type;
    Container all;
    if (count <= std::min(size_, largest_part) / sizeof(element)) {
      all.resize(count);
      if (!read(offset, all.data(), count * sizeof(element))) {
        all.clear();
      }
    }
    return all;
  }

 private:
  // A sparse file may be larger than any memory.
  static constexpr std::uint64_t largest_part = std::uint64_t{1} << 30;

  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

std::vector<Elf64_Shdr> read_sections(untrusted_file& file) {
  Elf64_Ehdr header{};
  if (!file.read(0, &header, sizeof(header)) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_shentsize != sizeof(Elf64_Shdr)) {
    return {};
  }
  return file.read_all<std::vector<Elf64_Shdr>>(header.e_shoff, header.e_shnum);
}

// The full table if there is one, else that of what the file exports.
const Elf64_Shdr* find_symbols(const std::vector<Elf64_Shdr>& sections) {
  for (const auto wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (const Elf64_Shdr& each : sections) {
      if (each.sh_type == static_cast<unsigned>(wanted) && each.sh_link < sections.size()) {
        return &each;
      }
    }
  }
  return nullptr;
}

bool is_function(const Elf64_Sym& symbol) {
  const auto type = ELF64_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF &&
         symbol.st_value != 0;
}

// Functions in assembly may have no size: they may go on to the end of their section.
std::uint64_t size_of(const Elf64_Sym& symbol, const std::vector<Elf64_Shdr>& sections) {
  if (symbol.st_size != 0 || symbol.st_shndx >= sections.size()) {
    return symbol.st_size;
  }
  const Elf64_Shdr& section = sections[symbol.st_shndx];
  const std::uint64_t offset = symbol.st_value - section.sh_addr;
  return offset < section.sh_size ? section.sh_size - offset : 0;
}

std::string hexadecimal(std::uint64_t number) {
  char text[16];
  char* first = std::end(text);
  do {
    *--first = "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number != 0);
  return "0x" + std::string(first, std::end(text));
}

std::string demangle(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 && readable != nullptr ? readable.get() : name;
}

// A file that was loaded into the process.
struct module {
  std::string path;
  std::uint64_t base = 0;  // how far it was moved
};

struct module_search {
  std::uint64_t address;
  module found;
  bool is_found = false;
};

int look_at_module(::dl_phdr_info* info, std::size_t /*size*/, void* argument) {
  auto& search = *static_cast<module_search*>(argument);
  const std::uint64_t offset = search.address - info->dlpi_addr;
  for (int i = 0; i != info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD && offset - segment.p_vaddr < segment.p_memsz) {
      try {
        search.found.path = info->dlpi_name;
        search.found.base = info->dlpi_addr;
        search.is_found = true;
      } catch (...) {
        // No memory: as if it had not been found. Nothing is thrown through the loader.
      }
      return 1;
    }
  }
  return 0;
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The table of a file, read when it is first asked for. None is ever dropped.
const symbol_table& symbols_of(const std::string& path) {
  static auto* const mutex = new std::mutex;
  static auto* const tables = new std::map<std::string, std::unique_ptr<const symbol_table>>;
  const std::lock_guard lock(*mutex);
  auto& table = (*tables)[path];
  if (table == nullptr) {
    table = std::make_unique<const symbol_table>(path.c_str());
  }
  return *table;
}

}  // namespace

symbol_table::symbol_table(const char* path) {
  untrusted_file file(path);
  const std::vector<Elf64_Shdr> sections = read_sections(file);
  const Elf64_Shdr* const symbols = find_symbols(sections);
  if (symbols == nullptr) {
    return;
  }
  const Elf64_Shdr& names = sections[symbols->sh_link];
  // A zero follows, whatever the last character is.
  names_ = file.read_all<std::string>(names.sh_offset, names.sh_size);
  for (const Elf64_Sym& each : file.read_all<std::vector<Elf64_Sym>>(
           symbols->sh_offset, symbols->sh_size / sizeof(Elf64_Sym))) {
    if (is_function(each) && each.st_name < names_.size() && names_[each.st_name] != '\0') {
      const auto binding = ELF64_ST_BIND(each.st_info);
      const auto rank = binding == STB_GLOBAL ? 0u : binding == STB_WEAK ? 1u : 2u;
      functions_.push_back({each.st_value, size_of(each, sections), each.st_name, rank});
    }
  }
  std::sort(functions_.begin(), functions_.end(), [](const entry& left, const entry& right) {
    return std::pair(left.address, left.rank) < std::pair(right.address, right.rank);
  });
  functions_.erase(std::unique(functions_.begin(), functions_.end(),
                               [](const entry& left, const entry& right) {
                                 return left.address == right.address;
                               }),
                   functions_.end());
  functions_.shrink_to_fit();
}

symbol_table::function symbol_table::find(std::uint64_t address) const noexcept {
  auto after = std::upper_bound(
      functions_.begin(), functions_.end(), address,
      [](std::uint64_t wanted, const entry& each) { return wanted < each.address; });
  if (after == functions_.begin()) {
    return {};
  }
  const entry& before = *--after;
  if (address - before.address >= before.size) {
    return {};
  }
  return {before.address, names_.c_str() + before.name};
}

std::string symbolize(const void* return_address) {
  const auto address = reinterpret_cast<std::uintptr_t>(return_address);
  module_search search{address - 1, {}};
  ::dl_iterate_phdr(&look_at_module, &search);
  if (!search.is_found) {
    return hexadecimal(address);
  }
  std::string path = std::move(search.found.path);
  std::string shown = last_part(path);
  if (path.empty()) {  // the program itself
    path = "/proc/self/exe";
    std::error_code error;
    shown = last_part(std::filesystem::read_symlink(path, error).string());
  }
  const std::uint64_t in_file = address - search.found.base;
  symbol_table::function function;
  if (path.find('/') != std::string::npos) {  // what the kernel provides has a name but no file
    function = symbols_of(path).find(in_file - 1);
  }
  std::string text = function.name == nullptr
                         ? hexadecimal(address)
                         : demangle(function.name) + "+" + hexadecimal(in_file - function.address);
  return text + " (" + shown + "+" + hexadecimal(in_file) + ")";
}

}  // namespace netpoll
