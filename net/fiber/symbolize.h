// SPDX-License-Identifier: BSL-1.0
//
// From addresses of code to names of functions, for the return addresses that backtrace.h collects.
//
//   netpoll::symbolize(pc)   "net::conn::read(net::mutable_buffer)+0x4f (server+0x1c2af)"
//
// The functions are those of the symbol tables of the files the process was loaded from, static
// ones included if the file was not stripped. Line numbers take debug information, and another
// program: `addr2line -e server 0x1c2ae`, which is the address in the file, less one for a call.
//
// Thread-safe, but not for signal handlers: files are read and memory is allocated. Each file is
// read once and its names are kept, which is a few megabytes for a large program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace netpoll {

// "function+0x12 (file+0x1234)", where 0x1234 is the address as the file's tools know it;
// "0x7f0123401234 (file+0x1234)" if there is no name, and "0x7f0123401234" if the address belongs
// to no file. The function is that of the byte before `return_address`. Throws std::bad_alloc only.
std::string symbolize(const void* return_address);

// The functions that the symbol table of an ELF file names.
class symbol_table {
 public:
  // Empty if the file cannot be read, or is not a 64-bit little-endian ELF file with symbols.
  explicit symbol_table(const char* path);

  struct function {
    std::uint64_t address = 0;   // in the file's own terms, before it is moved to its place
    const char* name = nullptr;  // as the linker knows it; null if none was found
  };

  // The function that has `address` in it.
  function find(std::uint64_t address) const noexcept;

  std::size_t size() const noexcept { return functions_.size(); }

 private:
  struct entry {
    std::uint64_t address;
    std::uint64_t size;
    std::uint32_t name;  // offset in names_
    std::uint32_t rank;  // of several names for one function that of least rank is preferred
  };

  std::vector<entry> functions_;  // by address, one for each
  std::string names_;
};

}  // namespace netpoll
