#include "server/address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace mi2::server {
namespace {

namespace ip = asio::ip;

struct Network4 {
  std::uint32_t address;
  unsigned bits;
};

constexpr std::uint32_t quad(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24U | b << 16U | c << 8U | d;
}

constexpr std::array kSpecial4{
    Network4{quad(0, 0, 0, 0), 8},        // this network
    Network4{quad(10, 0, 0, 0), 8},       // private
    Network4{quad(100, 64, 0, 0), 10},    // shared by carriers
    Network4{quad(127, 0, 0, 0), 8},      // loopback
    Network4{quad(169, 254, 0, 0), 16},   // link-local, with the metadata services of clouds
    Network4{quad(172, 16, 0, 0), 12},    // private
    Network4{quad(192, 0, 0, 0), 24},     // protocol assignments
    Network4{quad(192, 0, 2, 0), 24},     // documentation
    Network4{quad(192, 88, 99, 0), 24},   // 6to4 relays
    Network4{quad(192, 168, 0, 0), 16},   // private
    Network4{quad(198, 18, 0, 0), 15},    // benchmarks
    Network4{quad(198, 51, 100, 0), 24},  // documentation
    Network4{quad(203, 0, 113, 0), 24},   // documentation
    Network4{quad(224, 0, 0, 0), 3},      // multicast, reserved, broadcast
};

bool is_public4(std::uint32_t address) {
  return std::none_of(kSpecial4.begin(), kSpecial4.end(), [address](const Network4& network) {
    const unsigned shift = 32 - network.bits;
    return address >> shift == network.address >> shift;
  });
}

bool is_public6(const ip::address_v6& address) {
  const ip::address_v6::bytes_type b = address.to_bytes();
  const auto quad_at = [&b](std::size_t i) { return quad(b[i], b[i + 1], b[i + 2], b[i + 3]); };
  const auto starts_with = [&b](std::initializer_list<unsigned> prefix) {
    return std::equal(prefix.begin(), prefix.end(), b.begin());
  };
  if (address.is_v4_mapped()) return is_public4(quad_at(12));
  if (starts_with({0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return is_public4(quad_at(12));  // NAT64
  if (starts_with({0x20, 0x02})) return is_public4(quad_at(2));                                       // 6to4
  if (starts_with({0x20, 0x01, 0x0D, 0xB8})) return false;                                            // documentation
  if (starts_with({0x20, 0x01}) && b[2] < 2) return false;  // protocol assignments, Teredo
  // Of the rest, 2000::/3 is what has been given out for global unicast.
  return (b[0] & 0xE0U) == 0x20U;
}

}  // namespace

bool is_public(const ip::address& address) {
  return address.is_v4() ? is_public4(address.to_v4().to_uint()) : is_public6(address.to_v6());
}

}  // namespace mi2::server
