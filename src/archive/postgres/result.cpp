#include "archive/postgres/result.hpp"

#include <bit>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive::postgres {
namespace {

constexpr std::size_t kNumberBytes = 8;

/// In the order of a network, as libpq's binary form has numbers.
std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

Result::Result(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::~Result() = default;

int Result::rows() const { return PQntuples(impl_->result.get()); }

bool Result::is_null(int row, int column) const { return PQgetisnull(impl_->result.get(), row, column) != 0; }

std::string_view Result::bytes(int row, int column) const {
  const int size = PQgetlength(impl_->result.get(), row, column);
  return {PQgetvalue(impl_->result.get(), row, column), static_cast<std::size_t>(size)};
}

void Result::require(int column, Type type) const {
  const Oid found = PQftype(impl_->result.get(), column);
  if (found == oid_of(type)) return;
  throw Error(Code::kBadFile, fmt::format("database: expected type {} in column {} of a result, got {}", oid_of(type),
                                          column + 1, found));
}

std::int64_t Result::integer(int row, int column) const {
  require(column, Type::kInteger);
  const std::string_view raw = bytes(row, column);
  if (is_null(row, column) || raw.size() != kNumberBytes) {
    throw Error(Code::kBadFile, fmt::format("database: expected a bigint in column {} of a result, got {} bytes",
                                            column + 1, raw.size()));
  }
  return std::bit_cast<std::int64_t>(big_endian(raw));
}

Value Result::value(int row, int column, Type type) const {
  require(column, type);
  if (is_null(row, column)) return {};
  const std::string_view raw = bytes(row, column);
  switch (type) {
    case Type::kInteger:
      return std::bit_cast<std::int64_t>(big_endian(raw));
    case Type::kReal:
      return std::bit_cast<double>(big_endian(raw));
    case Type::kText:
    case Type::kBytes:
      break;
  }
  return std::string(raw);
}

}  // namespace mi2::archive::postgres
