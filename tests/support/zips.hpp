#pragma once
// Zips, and what is wrong with them. A test that uses these links libzip.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <zip.h>

#include <gtest/gtest.h>

namespace mi2::test {

struct ZipEntry {
  std::string name;
  std::string bytes;
};

/// Writes a zip; one that is there is replaced.
inline void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries, bool deflate = true) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  for (const ZipEntry& entry : entries) {
    zip_source_t* source = zip_source_buffer(zip, entry.bytes.data(), entry.bytes.size(), 0);
    const zip_int64_t index = zip_file_add(zip, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9);
  }
  EXPECT_EQ(zip_close(zip), 0);
}

inline const std::string kLocalEntry = "PK\x03\x04";
inline const std::string kCentralEntry = "PK\x01\x02";

/// Replaces a number that stands in little-endian order at `offset` behind each signature.
inline void patch_zip(const std::filesystem::path& path, const std::string& signature, std::size_t offset,
                      std::uint32_t value) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  for (std::size_t at = bytes.find(signature); at != std::string::npos; at = bytes.find(signature, at + 1)) {
    std::memcpy(bytes.data() + at + offset, &value, 4);
  }
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Has all of an entry announce another size than it unpacks to.
inline void announce(const std::filesystem::path& path, std::uint32_t bytes) {
  patch_zip(path, kLocalEntry, 22, bytes);
  patch_zip(path, kCentralEntry, 24, bytes);
}

}  // namespace mi2::test
