#include "dicomweb/pull.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/slices.hpp"
#include "dicomweb/add_load.hpp"
#include "dicomweb/fetchers.hpp"
#include "dicomweb/orthanc.hpp"
#include "dicomweb/spool.hpp"
#include "dicomweb/studies.hpp"

namespace mi2::dicomweb {
namespace {

/// Loads that are added together, so that small studies share the model's batches.
constexpr std::size_t kTogether = 64;

void require_possible(const PullOptions& options, const archive::AddOptions& adding) {
  if (options.source.kind != ServerSource::Kind::kOrthanc || archive::to_string(adding.survey.slices) == "all") return;
  throw Error(Code::kUnsupported,
              fmt::format("{}: instances come one by one, not by series: expected --slices all, or the same server as "
                          "dicomweb:",
                          options.source.locator));
}

SpoolLimits limits_of(const PullOptions& options, const archive::AddOptions& adding) {
  return {adding.survey.image.max_file_bytes, options.max_spool};
}

/// Errors of a run name the source, and a stop is what on_progress makes of it.
template <typename Run>
auto named(const PullOptions& options, const archive::AddOptions& adding, const Run& run) {
  try {
    return run();
  } catch (const SpoolFails& error) {
    throw Error(error.code(), fmt::format("{}: {}", options.source.locator, error.what()));
  } catch (const RunEnds& error) {
    throw ServerFault(error.code(), options.source.locator, error.what());
  } catch (const Stopped&) {
    if (adding.on_progress) adding.on_progress({});
    throw Error(Code::kOverloaded, fmt::format("{}: stopped", options.source.locator));
  }
}

std::unique_ptr<Feed> feed_of(const PullOptions& options, Client& client, Known& known, Spool* spool,
                              const SpoolLimits& limits, const base::OnProgress& on_progress) {
  if (options.source.kind == ServerSource::Kind::kOrthanc) {
    return std::make_unique<OrthancFeed>(options.source, known, spool, limits);
  }
  Listing listing = list_studies(client, options.source, on_progress);
  return std::make_unique<StudyFeed>(options.source, std::move(listing), known, spool, limits);
}

class Pulling {
 public:
  Pulling(archive::Writer& archive, const Embedder& embedder, const PullOptions& options,
          const archive::AddOptions& adding)
      : archive_(archive), embedder_(embedder), options_(options), adding_(adding) {
    // Of a study's own steps nobody needs to see each.
    adding_.survey.on_progress = [this](const base::Progress&) { show(); };
    adding_.on_progress = adding_.survey.on_progress;
  }

  archive::Added run() {
    archive::Catalog catalog(archive_.folder(), archive::Catalog::Access::kRead);
    Known known(&catalog, archive::to_string(adding_.survey.slices), adding_.survey.left_out);
    Spool spool(archive_.folder());
    const SpoolLimits limits = limits_of(options_, adding_);
    Pace pace(options_.rate);
    const Fetchers::MakeClient make_client = [&](std::stop_token stop) {
      return std::make_unique<Client>(options_.source.server, options_.client, pace, std::move(stop));
    };
    const std::unique_ptr<Client> first = make_client(options_.stop);
    feed_ = feed_of(options_, *first, known, &spool, limits, user_progress_);
    Fetchers fetchers(*feed_, make_client, options_.connections, options_.max_spool / 4);
    while (std::optional<Load> load = fetchers.take([this] { show(); })) {
      Together together(*std::move(load));
      while (together.has_room()) {
        std::optional<Load> more = fetchers.take_ready();
        if (!more) break;
        if (!together.take(*more)) {
          add(together);
          together = Together(*std::move(more));
        }
      }
      add(together);
    }
    return added_;
  }

 private:
  /// Several loads, none of whose objects comes twice.
  class Together {
   public:
    explicit Together(Load first) { take(first); }
    [[nodiscard]] bool has_room() const { return paths.inputs.size() < kTogether; }
    /// @returns false for a load that has an object in common with those before: it is left as it is.
    bool take(Load& load) {
      for (const embedder::Input& input : load.paths.inputs) {
        if (names_.contains(input.path)) return false;
      }
      for (embedder::Input& input : load.paths.inputs) {
        names_.insert(input.path);
        paths.inputs.push_back(std::move(input));
      }
      for (embedder::Skipped& one : load.paths.skipped) paths.skipped.push_back(std::move(one));
      for (std::string& one : load.visited) visited.push_back(std::move(one));
      if (!load.cursor.empty()) cursor = load.cursor;
      folders_.push_back(std::move(load.folder));
      return true;
    }

    embedder::ExpandedPaths paths;
    std::vector<std::string> visited;
    std::string cursor;

   private:
    std::unordered_set<std::string> names_;
    std::vector<std::shared_ptr<LoadFolder>> folders_;
  };

  void show() const {
    if (!user_progress_) return;
    user_progress_(feed_ ? base::Progress{feed_->what(), feed_->looked_at(), feed_->total()} : base::Progress{});
  }

  void add(const Together& loads) {
    const archive::Source source{options_.source.kind_name(), options_.source.locator};
    added_ += add_load(archive_, embedder_, {loads.paths, loads.visited, loads.cursor}, source, adding_);
  }

  archive::Writer& archive_;
  const Embedder& embedder_;
  const PullOptions& options_;
  archive::AddOptions adding_;
  base::OnProgress user_progress_ = adding_.on_progress;
  std::unique_ptr<Feed> feed_;
  archive::Added added_;
};

}  // namespace

archive::Added pull(archive::Writer& archive, const Embedder& embedder, const PullOptions& options,
                    const archive::AddOptions& adding) {
  require_possible(options, adding);
  return named(options, adding, [&] { return Pulling(archive, embedder, options, adding).run(); });
}

Preview preview(archive::Catalog* catalog, const PullOptions& options, const archive::AddOptions& adding) {
  require_possible(options, adding);
  return named(options, adding, [&] {
    Known known(catalog, archive::to_string(adding.survey.slices), adding.survey.left_out);
    const SpoolLimits limits = limits_of(options, adding);
    Pace pace(options.rate);
    Client client(options.source.server, options.client, pace, options.stop);
    const std::unique_ptr<Feed> feed = feed_of(options, client, known, nullptr, limits, adding.on_progress);
    Preview found;
    while (const std::optional<Feed::Piece> piece = feed->next(client)) {
      found.fresh += piece->count;
      if (adding.on_progress) adding.on_progress({feed->what(), feed->looked_at(), feed->total()});
    }
    found.listed = feed->looked_at();
    return found;
  });
}

}  // namespace mi2::dicomweb
