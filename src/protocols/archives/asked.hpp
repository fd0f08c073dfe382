#pragma once
// An archive that somebody asks, and the plans of questions to it.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "archive/reader.hpp"
#include "archive/served.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/request_plan.hpp"

namespace mi2::protocols::archives {

/// An archive and what its caller may do with it.
struct Asked {
  std::string name;
  std::shared_ptr<archive::Served> served;
  Right right;
};

std::shared_ptr<ArchiveRecord> record_of(const Asked& asked);

void note(ArchiveRecord& record, const archive::Reader& reader);

/// What the archive itself is to blame for goes to the operator: it may name files. A client hears that it was so.
/// @throws what `work` throws, or Error{kInternal}, {kOverloaded} in its place.
void guarded(ArchiveRecord& record, const std::stop_token& stop, const std::function<void()>& work);

/// A plan that asks the catalog. @param read  gives the answer.
RequestPlan look(const Asked& asked, std::function<void(archive::Reader&, HttpResponse&)> read);
/// The same. @param read  gives the answer's body.
RequestPlan look(const Asked& asked, std::function<std::string(archive::Reader&)> read);

}  // namespace mi2::protocols::archives
