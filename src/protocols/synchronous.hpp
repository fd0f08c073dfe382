#pragma once
// A whole request on the calling thread, without a transport: for tests and programs that have a model of their own.

#include <functional>
#include <string_view>

#include "protocols/routes.hpp"

namespace mi2::protocols {

/// The embedder of a served model's name.
using Embedders = std::function<const Embedder&(std::string_view model)>;

/// What a server would answer, but for the transport's own headers and statuses. Does not throw for what a client sent.
HttpResponse answer(const Service& service, const Embedders& embedders, HttpRequest request);

}  // namespace mi2::protocols
