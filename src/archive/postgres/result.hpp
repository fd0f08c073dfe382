#pragma once
// What is behind a Result.

#include <memory>

#include <libpq-fe.h>

#include "archive/postgres/connection.hpp"

namespace mi2::archive::postgres {

/// Of PostgreSQL's pg_type: numbers that never change.
constexpr Oid oid_of(Type type) {
  switch (type) {
    case Type::kInteger:
      return 20;
    case Type::kReal:
      return 701;
    case Type::kText:
      return 25;
    case Type::kBytes:
      break;
  }
  return 17;
}

struct Result::Impl {
  explicit Impl(PGresult* raw) : result(raw, PQclear) {}
  std::unique_ptr<PGresult, decltype(&PQclear)> result;
};

}  // namespace mi2::archive::postgres
