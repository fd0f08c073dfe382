#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog.hpp"
#include "archive/format.hpp"
#include "archive/segments.hpp"
#include "archive/thumbs.hpp"
#include "archive/upkeep.hpp"
#include "base/folders.hpp"

namespace mi2::archive {

BackedUp backup(const std::filesystem::path& folder, const std::filesystem::path& to,
                const base::OnProgress& on_progress) {
  namespace fs = std::filesystem;
  const Format format = read_format(folder);
  base::AtomicFolder copy(to);
  require_local(copy.partial());
  Catalog(folder, Catalog::Access::kRead).copy_to(catalog_file(copy.partial()));
  BackedUp done;
  {
    Catalog copied(copy.partial(), Catalog::Access::kRead);
    done.rows = copied.rows();
    done.snapshot = copied.sequence();
  }
  // What the copied catalog knows was on the disk before it: files only grow.
  const auto take = [&](const fs::path& file) { copy.copy(file, file.lexically_relative(folder)); };
  take(format_file(folder));
  const fs::perms usual = fs::status(copy.partial()).permissions();
  fs::permissions(copy.partial(), fs::perms::owner_all);  // until the key is its owner's alone
  take(key_file(folder));
  fs::permissions(key_file(copy.partial()), fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(copy.partial(), usual);
  for (std::uint64_t first = 0; first < done.rows; first += kSegmentRows) {
    if (on_progress) on_progress({"copying", first, done.rows});
    take(segment_file(folder, first / kSegmentRows + 1));
    std::error_code ignored;
    if (const fs::path pack = pack_of(folder, first); fs::exists(pack, ignored)) take(pack);
  }
  const VerifyReport report = verify(copy.partial(), true, on_progress);
  if (!report.problems.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: the copy is damaged, or was erased from meanwhile: {}",
                                            folder.string(), report.problems.front()));
  }
  copy.commit();
  return done;
}

}  // namespace mi2::archive
