#include "archive/postgres/connection.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include <mi2/error.hpp>

#include "archive/postgres/result.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::postgres {
namespace {

using Handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;

/// libpq's limit on the parameters of a statement.
constexpr std::size_t kMostParameters = 65'535;

std::string trimmed(const char* text) {
  std::string message = text == nullptr ? "" : text;
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::replace(message.begin(), message.end(), '\t', ' ');
  while (!message.empty() && message.back() == ' ') message.pop_back();
  return base::printable(message);
}

Code code_of(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  // Connections, transactions that others disturb, resources, a server that is stopped; a lock that is not to be had.
  for (const std::string_view busy : {"08", "40", "53", "57"}) {
    if (kind == busy) return Code::kOverloaded;
  }
  if (state == "55P03" || state == "25P03") return Code::kOverloaded;
  return state == "42501" ? Code::kBadArgument : Code::kBadFile;
}

[[noreturn]] void fail(PGconn* connection, const PGresult* result, const Place& place) {
  const char* const field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  if (state.empty()) {
    throw Error(Code::kOverloaded,
                fmt::format("{}: the connection is lost: {}", place.name, trimmed(PQerrorMessage(connection))));
  }
  // Of faulty values, broken constraints and triggers of others even the message may hold values.
  const bool tells = state.starts_with("22") || state.starts_with("23") || state.starts_with("P0");
  const std::string message =
      tells ? "a value was refused" : trimmed(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  throw Error(code_of(state), fmt::format("{}: {} (SQLSTATE {})", place.name, message, state));
}

Handle connect(const Place& place, std::chrono::seconds patience) {
  const std::string seconds = std::to_string(patience.count());
  // The URL comes last but for what it must not change.
  const std::array<const char*, 7> keys{"connect_timeout",
                                        "keepalives_idle",
                                        "tcp_user_timeout",
                                        "dbname",
                                        "fallback_application_name",
                                        "client_encoding",
                                        nullptr};
  const std::array<const char*, 7> values{seconds.c_str(), "30", "60000", place.url.c_str(), "mi2", "UTF8", nullptr};
  Handle handle(PQconnectdbParams(keys.data(), values.data(), 1), PQfinish);
  if (!handle || PQstatus(handle.get()) != CONNECTION_OK) {
    throw Error(Code::kOverloaded, fmt::format("{}: cannot connect: {}", place.name,
                                               trimmed(handle ? PQerrorMessage(handle.get()) : nullptr)));
  }
  // Notices would go to standard error.
  PQsetNoticeProcessor(
      handle.get(), [](void*, const char*) {}, nullptr);
  const char* const encoding = PQparameterStatus(handle.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    throw Error(Code::kUnsupported, fmt::format("{}: expected a database of encoding UTF8, got {}", place.name,
                                                encoding == nullptr ? "none" : encoding));
  }
  return handle;
}

/// Parameters in the form that libpq takes.
class Bound {
 public:
  explicit Bound(std::span<const Parameter> parameters) {
    numbers_.reserve(parameters.size());  // pointers into it stay
    for (const Parameter& parameter : parameters) add(parameter);
  }

  [[nodiscard]] const Oid* types() const { return types_.data(); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }

 private:
  void add(const Parameter& parameter) {
    types_.push_back(oid_of(parameter.type));
    formats_.push_back(1);
    if (const auto* text = std::get_if<std::string>(&parameter.value)) return point_to(text->data(), text->size());
    if (const auto* number = std::get_if<std::int64_t>(&parameter.value)) {
      // A real that a database without strict types holds as an integer.
      if (parameter.type != Type::kReal) return point_to(std::bit_cast<std::uint64_t>(*number));
      return point_to(std::bit_cast<std::uint64_t>(static_cast<double>(*number)));
    }
    if (const auto* number = std::get_if<double>(&parameter.value)) {
      return point_to(std::bit_cast<std::uint64_t>(*number));
    }
    values_.push_back(nullptr);
    lengths_.push_back(0);
  }

  void point_to(std::uint64_t number) {
    std::array<char, 8>& bytes = numbers_.emplace_back();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes.at(i) = static_cast<char>(static_cast<unsigned char>(number >> (8 * (bytes.size() - 1 - i)) & 0xFFU));
    }
    point_to(bytes.data(), bytes.size());
  }

  void point_to(const char* bytes, std::size_t size) {
    values_.push_back(bytes);
    lengths_.push_back(static_cast<int>(size));
  }

  std::vector<Oid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::array<char, 8>> numbers_;
};

}  // namespace

struct Connection::Impl {
  Impl(const Place& place, std::chrono::seconds patience)
      : handle(connect(place, patience)), socket(::fcntl(PQsocket(handle.get()), F_DUPFD_CLOEXEC, 0)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (socket >= 0) ::close(socket);
  }
  Handle handle;
  int socket;  ///< the same one under a number of its own, which libpq does not close
};

Connection::Connection(Place place, std::chrono::seconds patience)
    : place_(std::move(place)), impl_(std::make_unique<Impl>(place_, patience)) {
  // A writer that hangs, or whose machine is gone, must not keep the others out for ever. What it hears is committed is
  // on the disk: it forgets the files that it was made of.
  execute(
      fmt::format("SET client_min_messages TO warning; SET search_path TO \"{}\"; SET lock_timeout TO '60s';"
                  "SET idle_in_transaction_session_timeout TO '10min'; SET tcp_keepalives_idle TO 30;"
                  "SET tcp_keepalives_interval TO 10; SET tcp_keepalives_count TO 3;"
                  "SELECT set_config('synchronous_commit', 'on', false)"
                  " WHERE current_setting('synchronous_commit') = 'off'",
                  place_.schema));
}

Connection::~Connection() = default;

std::string Connection::server() const {
  PGconn* const handle = impl_->handle.get();
  return fmt::format("{} {} {}", PQhost(handle), PQport(handle), PQdb(handle));
}

void Connection::cut() noexcept {
  if (impl_->socket >= 0) ::shutdown(impl_->socket, SHUT_RDWR);
}

bool Connection::alive() const { return PQstatus(impl_->handle.get()) == CONNECTION_OK; }

void Connection::execute(const std::string& sql) {
  const Result::Impl result(PQexec(impl_->handle.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(impl_->handle.get(), result.result.get(), place_);
}

Result Connection::query(const std::string& sql, std::span<const Parameter> parameters) {
  if (parameters.size() > kMostParameters) throw Error(Code::kInternal, "too many parameters of a statement");
  const Bound bound(parameters);
  auto result =
      std::make_unique<Result::Impl>(PQexecParams(impl_->handle.get(), sql.c_str(), static_cast<int>(parameters.size()),
                                                  bound.types(), bound.values(), bound.lengths(), bound.formats(), 1));
  const ExecStatusType status = PQresultStatus(result->result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(impl_->handle.get(), result->result.get(), place_);
  return Result(std::move(result));
}

Result Connection::query(const std::string& sql, std::initializer_list<Parameter> parameters) {
  return query(sql, std::span<const Parameter>(parameters.begin(), parameters.size()));
}

bool Connection::wait(std::chrono::milliseconds longest) {
  PGconn* const handle = impl_->handle.get();
  bool came = false;
  const auto take = [&] {
    if (PQconsumeInput(handle) == 0) fail(handle, nullptr, place_);
    while (true) {
      const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notice(PQnotifies(handle), PQfreemem);
      if (!notice) return;
      came = true;
    }
  };
  take();
  if (came) return true;
  pollfd waiting{PQsocket(handle), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(longest.count())) < 0 && errno != EINTR) {
    throw Error(Code::kOverloaded, fmt::format("{}: {}", place_.name, std::strerror(errno)));
  }
  take();
  return came;
}

}  // namespace mi2::archive::postgres
