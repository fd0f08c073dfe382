#include "archive/reembed.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/containers.hpp"
#include "archive/format.hpp"
#include "archive/labels.hpp"
#include "archive/live_frames.hpp"
#include "archive/object_facts.hpp"
#include "archive/original.hpp"
#include "archive/packed.hpp"
#include "archive/reader.hpp"
#include "archive/sources.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

/// Objects that are planned together; all of a study are.
constexpr std::size_t kBatch = 1024;
/// The kind of source of what comes from another archive.
constexpr std::string_view kKind = "reembed";

/// What objects are added with.
struct Group {
  std::string site;
  Identifiers identifiers = Identifiers::kHash;
  std::string source;

  friend bool operator<(const Group& a, const Group& b) {
    return std::tie(a.site, a.identifiers, a.source) < std::tie(b.site, b.identifiers, b.source);
  }
};

struct Planned {
  embedder::ExpandedPaths paths;
  WantedFiles wanted;
};

/// An object that may have to be embedded.
struct Candidate {
  ArchivedObject object;
  bool here = false;  ///< the new archive has it, of another file
  std::optional<embedder::Input> input{};
  std::string left{};  ///< why it is left: a key of Reembedded::left; empty: it is not
  std::optional<Error> error{};
};

class Reembedding {
 public:
  Reembedding(const fs::path& from, Writer& made, const Embedder& embedder, const ReembedOptions& options)
      : from_(read_format(from).id),
        old_(from, Catalog::Access::kRead),
        made_(made),
        embedder_(embedder),
        options_(options),
        containers_(options.archive),
        pool_(options.add.survey.threads) {}

  Reembedded run() {
    const std::vector<LiveObject> objects = old_.live_objects();
    total_ = static_cast<std::uint64_t>(old_.totals(nullptr).images);
    forget_removed();
    for (std::size_t first = 0; first < objects.size();) {
      std::size_t end = std::min(first + kBatch, objects.size());
      // To the end of the last one's study. What is of no study is not one.
      while (end < objects.size() && objects[end].study != 0 && objects[end].study == objects[end - 1].study) ++end;
      batch(std::span(objects).subspan(first, end - first));
      first = end;
    }
    done_.labels = copy_labels(old_, made_);
    return std::move(done_);
  }

 private:
  /// What an earlier run added, and has been removed or replaced since where it came from. It is erased: it may have
  /// been erased there.
  void forget_removed() {
    Removal removal;
    std::size_t looked = 0;
    for (const LiveObject& live : made_.catalog().live_objects()) {
      if (looked++ % kBatch == 0) pass(0, 0);
      const std::optional<ArchivedObject> object = made_.catalog().object(live.id);
      if (!object || object->source_kind != kKind || old_.same_object(*object)) continue;
      removal.instances.push_back(object->id);
      removal.images += object->frames.size();
    }
    if (removal.instances.empty()) return;
    done_.removed = removal.images;
    done_.clean = remove(made_, removal, true);
  }

  void batch(std::span<const LiveObject> objects) {
    std::vector<Candidate> candidates;
    for (const LiveObject& live : objects) {
      std::optional<ArchivedObject> object = old_.object(live.id);
      if (!object) continue;  // removed meanwhile
      const std::optional<StoredInstance> here = here_of(*object);
      if (here) done_.kept += object->frames.size();
      // Of another file: the object may have moved.
      if (here && here->locator == object->locator) continue;
      candidates.push_back({*std::move(object), here.has_value()});
    }
    pass(done_.kept, 0);
    for (Candidate& candidate : candidates) find_input(candidate);
    pool_.run(candidates.size(), [&](std::size_t i) { check(candidates[i]); });
    std::map<Group, Planned> groups;
    for (Candidate& candidate : candidates) {
      if (!candidate.left.empty()) {
        if (!candidate.here) leave(candidate.left, *candidate.error);
        continue;
      }
      Planned& planned = groups[group_of(candidate.object)];
      const ArchivedObject& object = candidate.object;
      const std::string slices = object.file ? object.file->slices : std::string();
      planned.wanted.emplace(object.locator, Wanted{object.sha256, object.frames, slices, object.tiles});
      planned.paths.inputs.push_back(*std::move(candidate.input));
    }
    for (const auto& [group, planned] : groups) add_group(group, planned);
  }

  /// The object in the new archive, if that has all its frames, through all of its windows.
  std::optional<StoredInstance> here_of(const ArchivedObject& object) {
    Catalog& made = made_.catalog();
    std::optional<StoredInstance> found = made.same_object(object);
    if (!found) return found;
    const std::vector<FrameTile> there = made.tiles_of(found->id);
    const std::size_t windows = several_windows(made_.format().space).size();
    auto next = there.begin();
    for (std::size_t i = 0; i < object.frames.size(); ++i) {
      next = std::find_if(next, there.end(), [&](const FrameTile& one) { return one.frame >= object.frames[i]; });
      const bool has = next != there.end() && next->frame == object.frames[i];
      const bool tiled = has && next->tile.has_value();
      const bool same = has && tiled == !object.tiles.empty() && (!tiled || same_tile(*next->tile, object.tiles[i]));
      if (!same) return std::nullopt;
      if (next->window.empty()) continue;
      const auto end = std::find_if(next, there.end(), [&](const FrameTile& one) { return one.frame != next->frame; });
      if (static_cast<std::size_t>(end - next) < windows) return std::nullopt;
    }
    return found;
  }

  static void set_left(Candidate& candidate, const Error& error) {
    candidate.left = error.code() == Code::kNotFound ? "missing" : std::string(name_of(error.code()));
    candidate.error = error;
  }

  void find_input(Candidate& candidate) {
    const std::string& locator = candidate.object.locator;
    if (const std::string way = way_of(locator); !way.empty()) {
      candidate.left = fmt::format("no file: {}", way);
      candidate.error = Error(Code::kNotFound, fmt::format("{}: is in no file", locator));
      return;
    }
    try {
      const std::string file = container_of(locator);
      candidate.input = file.empty() ? embedder::Input{locator} : containers_.find(file, locator);
      if (!candidate.input) throw Error(Code::kNotFound, fmt::format("{}: not in its archive any more", locator));
      if (candidate.input->error) throw Error(*candidate.input->error);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      set_left(candidate, error);
    }
  }

  /// Whether the file is what it was. One of the same size and times is; what is read is compared in any case.
  void check(Candidate& candidate) const {
    if (!candidate.left.empty()) return;
    const ArchivedObject& object = candidate.object;
    try {
      if (object.file && number_of(stamp_of(*candidate.input)) == object.file->stamp) return;
      if (!object.tiles.empty()) {  // a slide does not go into memory
        if (base::sha256_hex(fs::path(object.locator)) == object.sha256) return;
      } else {
        const auto bytes = embedder::read_input(*candidate.input, options_.add.survey.image.max_file_bytes);
        if (base::sha256_hex(bytes) == object.sha256) return;
      }
      candidate.left = "changed";
      candidate.error = Error(Code::kBadFile, fmt::format("{}: changed since it was added", object.locator));
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      set_left(candidate, error);
    } catch (const std::bad_alloc&) {
      set_left(candidate, Error(Code::kTooLarge, fmt::format("{}: not enough memory to read it", object.locator)));
    }
  }

  void leave(const std::string& why, const Error& error) {
    ++done_.left[why];
    if (!done_.first) done_.first = error.code();
    if (options_.on_left) options_.on_left(error.what());
  }

  [[nodiscard]] Group group_of(const ArchivedObject& object) const {
    Group group;
    group.site = object.site;
    // Without pseudonyms there was nothing to make them of, or they were not wanted.
    group.identifiers = object.identified ? Identifiers::kKeep
                        : object.hashed   ? Identifiers::kHash
                                          : Identifiers::kNone;
    // Apart from what 'add' calls a source: what is added to the new archive by itself stays there.
    group.source = fmt::format("{} {} {}", from_, object.source_kind, object.source_url);
    return group;
  }

  void add_group(const Group& group, const Planned& planned) {
    AddOptions options = options_.add;
    options.survey.slices = {};
    options.survey.site = group.site;
    options.survey.identifiers = group.identifiers;
    options.survey.wanted = &planned.wanted;
    options.survey.on_progress = [this](const base::Progress&) { pass(done_.kept + done_.images, 0); };
    options.on_progress = [this](const base::Progress& at) { pass(done_.kept + done_.images, at.done); };
    options.on_refused = [this](std::string_view, const Error& error) {
      leave(error.code() == Code::kNotFound ? "missing" : std::string(name_of(error.code())), error);
    };
    options.on_outcome = [this](std::string_view name, Outcome outcome) {
      if (outcome != Outcome::kConflict) return;
      leave("conflict",
            Error(Code::kBadFile, fmt::format("{}: the new archive has another object of its identifier", name)));
    };
    done_.images += add(made_, embedder_, planned.paths, {std::string(kKind), group.source}, options).images;
  }

  void pass(std::uint64_t done, std::uint64_t more) const {
    if (options_.add.on_progress) options_.add.on_progress({"embedding", std::min(done + more, total_), total_});
  }

  std::string from_;  ///< the id of the archive
  Catalog old_;
  Writer& made_;
  const Embedder& embedder_;
  const ReembedOptions& options_;
  Containers containers_;
  base::ThreadPool pool_;
  Reembedded done_;
  std::uint64_t total_ = 0;  ///< images of the archive
};

void require_made_of(const Format& old, const Format& made, const fs::path& to) {
  if (made.reembedded_from == old.id) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: expected an empty folder, or an archive that was made of {} by 'mi2 index reembed', got "
                          "another archive",
                          to.string(), old.id));
}

}  // namespace

void require_reembedded(const fs::path& from, const fs::path& to) {
  const Format old = read_format(from);
  if (is_archive(to)) require_made_of(old, read_format(to), to);
}

Writer open_reembedded(const fs::path& from, const fs::path& to, const Embedder& embedder, const std::string& windows) {
  const Format old = Reader(from).format();
  const std::string key = read_key(from);
  Space space = space_of(embedder);
  if (!windows.empty()) space.windows = windows;
  if (!is_archive(to)) {
    return Writer::create(to, static_cast<std::size_t>(embedder.dimensions()), space, Predecessor{old.id, key});
  }
  Writer made{to};
  require_made_of(old, made.format(), to);
  require_same(made.format().space, space, to.string(), "the model and its options");
  if (made.key() != key) {
    throw Error(Code::kBadFile, fmt::format("{}: expected the key of {}, got another one: identifiers would have other "
                                            "pseudonyms",
                                            key_file(to).string(), key_file(from).string()));
  }
  return made;
}

int usual_thumbnail(const std::filesystem::path& from) {
  Catalog catalog(from, Catalog::Access::kRead);
  return catalog.thumbs() == 0 && catalog.totals(nullptr).images > 0 ? 0 : AddOptions{}.thumbnail;
}

Reembedded reembed(const fs::path& from, Writer& made, const Embedder& embedder, const ReembedOptions& options) {
  return Reembedding(from, made, embedder, options).run();
}

}  // namespace mi2::archive
