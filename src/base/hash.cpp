#include "base/hash.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <xxhash.h>

#include <mi2/error.hpp>
#include "base/files.hpp"

namespace mi2::base {
namespace {

class Digest {
 public:
  Digest(const EVP_MD* kind, const char* name) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free), name_(name) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), kind, nullptr) != 1) fail();
  }

  void update(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) fail();
  }

  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) fail();
    return hex({reinterpret_cast<const char*>(digest.data()), size});
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(Code::kInternal, fmt::format("libcrypto refuses to compute {}", name_));
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  const char* name_;
};

Digest sha256() { return {EVP_sha256(), "SHA-256"}; }

std::string hex_of_file(Digest hash, const std::filesystem::path& path,
                        const std::function<void(std::uint64_t)>& on_bytes) {
  constexpr std::size_t kStep = 16U << 20U;
  const MappedFile file(path);
  const std::span<const std::byte> bytes = file.bytes();
  for (std::size_t at = 0; at < bytes.size(); at += kStep) {
    const std::size_t size = std::min(kStep, bytes.size() - at);
    hash.update(bytes.subspan(at, size));
    file.release(at, size);
    if (on_bytes) on_bytes(at + size);
  }
  file.check();
  return hash.finish();
}

}  // namespace

std::string sha256_hex(std::span<const std::byte> bytes) {
  Digest hash = sha256();
  hash.update(bytes);
  return hash.finish();
}

std::string sha256_hex(std::span<const std::byte> first, std::span<const std::byte> second) {
  Digest hash = sha256();
  hash.update(first);
  hash.update(second);
  return hash.finish();
}

std::string sha256_hex(const std::filesystem::path& path) { return hex_of_file(sha256(), path, {}); }

std::string md5_hex(const std::filesystem::path& path, const std::function<void(std::uint64_t)>& on_bytes) {
  return hex_of_file({EVP_md5(), "MD5"}, path, on_bytes);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), digest.data(), &size) == nullptr) {
    throw Error(Code::kInternal, "libcrypto refuses to compute an HMAC");
  }
  return hex({reinterpret_cast<const char*>(digest.data()), size});
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw Error(Code::kInternal, "the system has no random bytes");
  }
  return bytes;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4U];
    text += kDigits[static_cast<unsigned char>(byte) & 0xFU];
  }
  return text;
}

namespace {

constexpr std::uint32_t kCastagnoli = 0x82F63B78U;

/// Table k says what a byte does that is followed by k zeros, so that eight bytes are taken at once.
constexpr std::array<std::array<std::uint32_t, 256>, 8> crc_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1 ^ kCastagnoli : crc >> 1;
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<std::array<std::uint32_t, 256>, 8> kCrcTables = crc_tables();

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept {
  std::uint32_t crc = ~0U;
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(bytes[at + i]); };
  for (; bytes.size() - at >= 8; at += 8) {
    const std::uint32_t low = crc ^ (byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
    crc = kCrcTables[7][low & 0xFF] ^ kCrcTables[6][low >> 8 & 0xFF] ^ kCrcTables[5][low >> 16 & 0xFF] ^
          kCrcTables[4][low >> 24] ^ kCrcTables[3][byte(4)] ^ kCrcTables[2][byte(5)] ^ kCrcTables[1][byte(6)] ^
          kCrcTables[0][byte(7)];
  }
  for (; at < bytes.size(); ++at) crc = crc >> 8 ^ kCrcTables[0][(crc ^ byte(0)) & 0xFF];
  return ~crc;
}

std::uint64_t xxh3(std::span<const std::byte> bytes) noexcept { return XXH3_64bits(bytes.data(), bytes.size()); }

bool same_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mi2::base
