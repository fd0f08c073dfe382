#pragma once
// An archive that somebody asks, and the plans of questions to it.

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "archive/format.hpp"
#include "archive/reader.hpp"
#include "archive/served.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// An archive and what its caller may do with it.
struct Asked {
  std::string name;
  std::shared_ptr<archive::Served> served;
  Right right;
  std::filesystem::path cards;    ///< a folder where cards of its searches are kept; empty: none is
  std::filesystem::path heads{};  ///< the same of heads that are trained on it
  unsigned threads = 0;           ///< of what computes by itself; 0: one per available core
  std::filesystem::path audit{};  ///< the folder of the audit list; empty: none is kept
};

std::shared_ptr<ArchiveRecord> record_of(const Asked& asked);

/// The model that makes vectors of an archive's weights; null: none is served.
/// @throws Error{kOverloaded} while models are loaded, unless one is that is ready.
std::shared_ptr<const ServedModel> find_model(const Service& service, const archive::Format& format);

void note(ArchiveRecord& record, const archive::Reader& reader);

/// What the archive itself is to blame for goes to the operator: it may name files. A client hears that it was so.
/// @throws what `work` throws, or Error{kInternal}, {kOverloaded} in its place.
void guarded(ArchiveRecord& record, const std::stop_token& stop, const std::function<void()>& work);

/// A plan that asks the catalog. @param read  gives the answer.
RequestPlan look(const Asked& asked, std::function<void(archive::Reader&, HttpResponse&)> read);
/// The same. @param read  gives the answer's body.
RequestPlan look(const Asked& asked, std::function<std::string(archive::Reader&)> read);

}  // namespace mi2::protocols::archives
