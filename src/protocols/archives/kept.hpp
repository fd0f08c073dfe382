#pragma once
// What is kept in a folder of the operator's.

#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// @param what  that is kept: "card".
inline Error none_kept(std::string_view what) {
  return {Code::kNotFound, fmt::format("{}: there is none of this id", what)};
}

/// What the folder is to blame for goes to the operator: it names files.
/// @param verb  what could not be done: "kept".
/// @throws none_kept(), Error{kInternal}, and nothing else that is an Error.
template <typename Use>
auto use_kept(ArchiveRecord& record, std::string_view what, std::string_view verb, const Use& use) {
  try {
    return use();
  } catch (const Error& error) {
    if (error.code() == Code::kNotFound) throw none_kept(what);
    record.fault = error.what();
    throw Error(Code::kInternal, fmt::format("the {} cannot be {}; the server's log says why", what, verb));
  }
}

}  // namespace mi2::protocols::archives
