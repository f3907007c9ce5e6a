// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/symbolize.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "net/fiber/backtrace.h"
#include "net/fiber/fiber_context.h"

namespace {

// Not exported, in a program that is linked statically but for the system's libraries.
[[gnu::noinline]] const void* return_address_of_call() {
  const void* pc = nullptr;
  EXPECT_EQ(netpoll::backtrace_here(&pc, 1), 1);
  return pc;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST(Symbolize, NamesAFunctionThatIsNotExported) {
  const std::string text = netpoll::symbolize(return_address_of_call());
  EXPECT_TRUE(text.starts_with("(anonymous namespace)::return_address_of_call()+0x")) << text;
  EXPECT_TRUE(contains(text, " (symbolize_test+0x")) << text;
  EXPECT_TRUE(text.ends_with(")")) << text;
}

TEST(Symbolize, NamesAFunctionInAssembly) {
  char stack[4096];
  void* const context = netpoll::make_context(
      stack + sizeof(stack), +[](void*) {}, nullptr);
  const void* pc = nullptr;
  ASSERT_EQ(netpoll::backtrace_suspended(context, &pc, 1), 1);
  const std::string text = netpoll::symbolize(pc);
  EXPECT_TRUE(text.starts_with("netpoll_enter_context+0x1 ")) << text;
}

TEST(Symbolize, NamesAFunctionOfTheSystem) {
  const auto address = reinterpret_cast<std::uintptr_t>(&::qsort);
  const std::string text = netpoll::symbolize(reinterpret_cast<const void*>(address + 1));
  EXPECT_TRUE(contains(text, "qsort+0x1 (")) << text;
}

TEST(Symbolize, GivesTheAddressWhereThereIsNoFile) {
  EXPECT_EQ(netpoll::symbolize(nullptr), "0x0");
  EXPECT_EQ(netpoll::symbolize(reinterpret_cast<const void*>(0x1ab)), "0x1ab");
  char on_the_stack = 0;
  const std::string text = netpoll::symbolize(&on_the_stack);
  EXPECT_TRUE(text.starts_with("0x") && !contains(text, "(")) << text;
}

TEST(Symbolize, GivesAddressAndFileWhereThereIsNoName) {
  static const char in_the_program[] = "data";
  const std::string text = netpoll::symbolize(in_the_program + 1);
  EXPECT_TRUE(text.starts_with("0x")) << text;
  EXPECT_TRUE(contains(text, " (symbolize_test+0x")) << text;
}

TEST(Symbolize, ManyThreadsAtOnce) {
  const void* const pc = return_address_of_call();
  const std::string expected = netpoll::symbolize(pc);
  std::vector<std::string> found(4);
  std::vector<std::thread> threads;
  for (std::string& each : found) {
    threads.emplace_back([&each, pc] { each = netpoll::symbolize(pc); });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_EQ(found, std::vector<std::string>(4, expected));
}

// An ELF file of a header, three sections and nothing else.
class small_file {
 public:
  explicit small_file(std::uint32_t type_of_table = SHT_SYMTAB) {
    const std::string names = std::string("\0small\0large\0alias\0", 19);
    const Elf64_Sym symbols[] = {
        {},
        symbol(7, STB_LOCAL, STT_FUNC, 0x2000, 0x100),   // large
        symbol(1, STB_LOCAL, STT_FUNC, 0x1000, 0x10),    // small
        symbol(13, STB_GLOBAL, STT_FUNC, 0x2000, 0x100),  // alias
        symbol(1, STB_GLOBAL, STT_OBJECT, 0x3000, 0x10),
        symbol(1, STB_GLOBAL, STT_FUNC, 0x4000, 0),
    };
    bytes.resize(sizeof(Elf64_Ehdr));
    Elf64_Shdr sections[4] = {};
    sections[1].sh_type = SHT_STRTAB;
    sections[1].sh_offset = append(names.data(), names.size());
    sections[1].sh_size = names.size();
    sections[2].sh_type = type_of_table;
    sections[2].sh_link = 1;
    sections[2].sh_offset = append(symbols, sizeof(symbols));
    sections[2].sh_size = sizeof(symbols);
    sections[3].sh_type = SHT_NOBITS;
    sections[3].sh_addr = 0x1000;
    sections[3].sh_size = 0x4000;
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 4;
    header.e_shoff = append(sections, sizeof(sections));
    std::memcpy(bytes.data(), &header, sizeof(header));
  }

  std::vector<char> bytes;

 private:
  static Elf64_Sym symbol(std::uint32_t name, unsigned binding, unsigned type,
                          std::uint64_t address, std::uint64_t size) {
    Elf64_Sym result{};
    result.st_name = name;
    result.st_info = static_cast<unsigned char>(ELF64_ST_INFO(binding, type));
    result.st_shndx = 3;
    result.st_value = address;
    result.st_size = size;
    return result;
  }

  std::uint64_t append(const void* data, std::size_t size) {
    const std::size_t at = (bytes.size() + 7) / 8 * 8;
    bytes.resize(at + size);
    std::memcpy(bytes.data() + at, data, size);
    return at;
  }
};

class SymbolTable : public ::testing::Test {
 protected:
  ~SymbolTable() override { ::unlink(path_.c_str()); }

  netpoll::symbol_table table_of(const std::vector<char>& bytes) {
    // Some file systems write a file that was truncated and closed to the disk at once.
    ::unlink(path_.c_str());
    std::ofstream(path_, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return netpoll::symbol_table(path_.c_str());
  }

  static std::string name_at(const netpoll::symbol_table& table, std::uint64_t address) {
    const auto found = table.find(address);
    return found.name == nullptr ? "none" : found.name;
  }

  const std::string path_ =
      ::testing::TempDir() + "symbolize_test." + std::to_string(::getpid()) + ".elf";
};

TEST_F(SymbolTable, FindsTheFunctionThatHasTheAddress) {
  for (const auto type : {SHT_SYMTAB, SHT_DYNSYM}) {
    const auto table = table_of(small_file(static_cast<std::uint32_t>(type)).bytes);
    EXPECT_EQ(table.size(), 3u);
    EXPECT_EQ(name_at(table, 0), "none");
    EXPECT_EQ(name_at(table, 0xfff), "none");
    EXPECT_EQ(name_at(table, 0x1000), "small");
    EXPECT_EQ(name_at(table, 0x100f), "small");
    EXPECT_EQ(name_at(table, 0x1010), "none");
    EXPECT_EQ(name_at(table, 0x20ff), "alias");  // the global name of two
    EXPECT_EQ(table.find(0x20ff).address, 0x2000u);
    EXPECT_EQ(name_at(table, 0x3000), "none");  // not a function
    EXPECT_EQ(name_at(table, 0x4fff), "small");  // without a size
    EXPECT_EQ(name_at(table, 0x5000), "none");   // no longer in its section
    EXPECT_EQ(name_at(table, ~std::uint64_t{0}), "none");
  }
}

TEST_F(SymbolTable, IsEmptyWithoutAFile) {
  EXPECT_EQ(netpoll::symbol_table("/nonexistent/file").size(), 0u);
  EXPECT_EQ(netpoll::symbol_table("").size(), 0u);
  EXPECT_EQ(netpoll::symbol_table("/").size(), 0u);
  EXPECT_EQ(netpoll::symbol_table("/dev/zero").size(), 0u);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(netpoll::symbol_table(path_.c_str()).size(), 0u);
}

TEST_F(SymbolTable, IsEmptyIfTheFileIsNoElfFile) {
  EXPECT_EQ(table_of({}).size(), 0u);
  EXPECT_EQ(table_of(std::vector<char>(4096, 'x')).size(), 0u);
  EXPECT_EQ(table_of(small_file(SHT_PROGBITS).bytes).size(), 0u);
}

TEST_F(SymbolTable, OfATruncatedFileDoesNotCrash) {
  const std::vector<char> whole = small_file().bytes;
  for (std::size_t size = 0; size != whole.size(); ++size) {
    // The sections are described last.
    EXPECT_EQ(table_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}).size(),
              0u);
  }
}

TEST_F(SymbolTable, OfACorruptFileDoesNotCrash) {
  const std::vector<char> whole = small_file().bytes;
  for (std::size_t i = 0; i != whole.size(); ++i) {
    for (const unsigned value : {0x00u, 0x7fu, 0xffu}) {
      std::vector<char> bytes = whole;
      bytes[i] = static_cast<char>(value);
      const auto table = table_of(bytes);
      EXPECT_LE(table.size(), 6u);
      for (const std::uint64_t address : {0x0, 0x1001, 0x2001, 0x3001, 0x4001}) {
        // Read, so that a sanitizer sees a name that is not in the table.
        EXPECT_LE(name_at(table, address).size(), 20u) << i << ' ' << value;
      }
    }
  }
}

}  // namespace
