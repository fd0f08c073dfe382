// In a program without libpq there are no databases.

#include <utility>

#include <mi2/error.hpp>

#include "archive/postgres/connection.hpp"

namespace mi2::archive::postgres {
namespace {

[[noreturn]] void refuse() {
  throw Error(Code::kUnsupported,
              "archives in PostgreSQL: expected a program that was built with libpq, this one was built without");
}

}  // namespace

struct Result::Impl {};
struct Connection::Impl {};

Place parse_place(const std::string& /*url*/) { refuse(); }

Result::Result(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::~Result() = default;
int Result::rows() const { refuse(); }
bool Result::is_null(int /*row*/, int /*column*/) const { refuse(); }
std::int64_t Result::integer(int /*row*/, int /*column*/) const { refuse(); }
std::string_view Result::bytes(int /*row*/, int /*column*/) const { refuse(); }
Value Result::value(int /*row*/, int /*column*/, Type /*type*/) const { refuse(); }

Connection::Connection(Place place, std::chrono::seconds /*patience*/) : place_(std::move(place)) { refuse(); }
Connection::~Connection() = default;
std::string Connection::server() const { refuse(); }
bool Connection::alive() const { return false; }
void Connection::cut() noexcept {}
void Connection::execute(const std::string& /*sql*/) { refuse(); }
Result Connection::query(const std::string& /*sql*/, std::span<const Parameter> /*parameters*/) { refuse(); }
Result Connection::query(const std::string& /*sql*/, std::initializer_list<Parameter> /*parameters*/) { refuse(); }
bool Connection::wait(std::chrono::milliseconds /*longest*/) { refuse(); }

}  // namespace mi2::archive::postgres
