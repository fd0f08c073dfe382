#include "server/tls.hpp"

#include <string>

#include <fmt/format.h>
#include <boost/asio/ssl.hpp>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "server/net.hpp"

namespace mi2::server {
namespace {

constexpr std::size_t kMaxPemBytes = 1U << 20;

}  // namespace

std::shared_ptr<asio::ssl::context> open_tls(const Options& options) {
  namespace ssl = asio::ssl;
  if (options.tls_certificate.empty()) return nullptr;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::no_sslv2 | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                       ssl::context::no_tlsv1_1 | ssl::context::single_dh_use);
  error_code error;
  const std::string chain = base::read_text_file(options.tls_certificate, kMaxPemBytes);
  context->use_certificate_chain(asio::buffer(chain), error);
  if (error) {
    throw Error(Code::kBadFile,
                fmt::format("{}: not a certificate chain in PEM form", options.tls_certificate.string()));
  }
  const std::string key = base::read_text_file(options.tls_key, kMaxPemBytes);
  context->use_private_key(asio::buffer(key), ssl::context::pem, error);
  if (error) {
    throw Error(Code::kBadFile, fmt::format("{}: not the private key, in PEM form, of the certificate in {}",
                                            options.tls_key.string(), options.tls_certificate.string()));
  }
  return context;
}

}  // namespace mi2::server
