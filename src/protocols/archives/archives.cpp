#include "protocols/archives/archives.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/follower.hpp"
#include "archive/served.hpp"
#include "archive/shared.hpp"
#include "base/files.hpp"
#include "base/json_text.hpp"
#include "protocols/archives/about.hpp"
#include "protocols/archives/adding.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/archives/audit_list.hpp"
#include "protocols/archives/cards.hpp"
#include "protocols/archives/classify.hpp"
#include "protocols/archives/drift_watch.hpp"
#include "protocols/archives/heads.hpp"
#include "protocols/archives/item_heatmap.hpp"
#include "protocols/archives/items.hpp"
#include "protocols/archives/judgement.hpp"
#include "protocols/archives/labelling.hpp"
#include "protocols/archives/map.hpp"
#include "protocols/archives/pixels.hpp"
#include "protocols/archives/push.hpp"
#include "protocols/archives/removing.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/archives/searching.hpp"
#include "protocols/archives/stow.hpp"
#include "protocols/archives/studies.hpp"
#include "protocols/caller.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

/// What may not be done is not there.
void require(bool right) {
  if (!right) throw Error(Code::kNotFound, "no such path; GET /docs lists them");
}

/// What is asked, by GET or POST.
Json body_of(Judging judging, const Service& service, HttpRequest& request) {
  return request.method == "POST" ? json_object(request, service.limits) : judgement_body(judging, request);
}

/// Whether a route changes something, which stays so when it is done.
bool changes(ArchiveRoute route) {
  switch (route) {
    case ArchiveRoute::kPush:
    case ArchiveRoute::kPushTags:
    case ArchiveRoute::kRemoveStudy:
    case ArchiveRoute::kAddItems:
    case ArchiveRoute::kAddLabels:
    case ArchiveRoute::kStoreStudies:
    case ArchiveRoute::kStoreStudy:
    case ArchiveRoute::kTrainHead:
    case ArchiveRoute::kRemoveHead:
      return true;
    default:
      return false;
  }
}

/// Whom the server takes the caller for: {"user": ..}, {"key": ..}, or null where nobody is asked.
std::string caller_json(const HttpRequest& request) {
  const Caller caller = parse_caller(request.caller);
  if (!caller.user.empty()) return fmt::format(R"({{"user": {}}})", base::json_string(caller.user));
  if (caller.key.empty()) return "null";
  return fmt::format(R"({{"key": "{}"}})", short_digest(caller.key));
}

/// Now: a server that starts finds out what is wrong. @throws Error{kBadFile}.
std::filesystem::path make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  return folder;
}

/// Where the archive is now: what a link leads to later is another one. As it was given if there is nothing; of one in
/// a database its replica.
std::filesystem::path folder_of(const ArchiveSpec& spec) {
  std::error_code error;
  const std::filesystem::path given = archive::local_folder(spec.folder.string());
  std::filesystem::path folder = std::filesystem::canonical(given, error);
  return error ? given : folder;
}

using Folders = std::map<std::string, std::filesystem::path, std::less<>>;

/// Empty: there is none.
std::filesystem::path folder_in(const Folders& folders, const std::string& name) {
  const auto found = folders.find(name);
  return found == folders.end() ? std::filesystem::path() : found->second;
}

using ServedArchives = std::map<std::string, std::shared_ptr<archive::Served>, std::less<>>;

class Archives final : public ArchiveRoutes {
 public:
  Archives(std::span<const ArchiveSpec> archives, const std::filesystem::path& rights, const Admission& admission,
           unsigned threads, const ArchiveAdding& adding, std::vector<Destination> destinations,
           std::filesystem::path audit)
      : specs_(archives.begin(), archives.end()),
        threads_(threads),
        admission_(admission),
        adding_(adding),
        destinations_(std::move(destinations)),
        audit_(std::move(audit)),
        rights_(std::make_shared<const Rights>()) {
    static_cast<void>(archive::parse_identifiers(adding.identifiers));
    for (const ArchiveSpec& spec : specs_) {
      archives_.emplace(spec.name, std::make_shared<archive::Served>(folder_of(spec), threads));
      if (!spec.cards.empty()) cards_.emplace(spec.name, make_folder(spec.cards));
      if (!spec.heads.empty()) heads_.emplace(spec.name, make_folder(spec.heads));
    }
    if (!rights.empty()) use_rights(rights);
    drifts_ = std::make_unique<DriftWatch>(specs_, [this](const std::string& name) { return all().at(name); });
  }

  [[nodiscard]] RequestPlan parse(ArchiveRoute route, const Service& service, HttpRequest request,
                                  const PathParameters& parameters) const override {
    if (route == ArchiveRoute::kList) return list(request);
    const Asked asked = find(parameters.at(0), request);
    std::string caller = request.caller;
    RequestPlan plan = plan_of(route, service, asked, std::move(request), parameters);
    return held_to_rights(std::move(plan), asked, std::move(caller), changes(route));
  }

  void use_rights(const std::filesystem::path& file) override {
    constexpr std::uint64_t kMaxBytes = 4U << 20;
    std::vector<std::string> names;
    for (const ArchiveSpec& spec : specs_) names.push_back(spec.name);
    auto rights =
        std::make_shared<const Rights>(Rights::parse(base::read_text_file(file, kMaxBytes), file.string(), names));
    check_rights(*rights, admission_, file);
    const std::lock_guard lock(mutex_);
    rights_ = std::move(rights);
  }

  std::vector<std::string> follow() override {
    ServedArchives next = all();
    std::vector<std::string> changed;
    for (const ArchiveSpec& spec : specs_) {
      std::shared_ptr<archive::Served>& served = next.at(spec.name);
      std::shared_ptr<archive::Served> now = followed(spec, served);
      if (now == served) continue;
      served = std::move(now);
      changed.push_back(spec.name);
    }
    const std::lock_guard lock(mutex_);
    archives_ = std::move(next);
    return changed;
  }

  [[nodiscard]] std::vector<ArchiveFollowing> following() const override {
    std::vector<ArchiveFollowing> found;
    for (const auto& [name, served] : all()) {
      if (const auto now = served->following()) found.push_back({name, now->answers, now->seconds, now->error});
    }
    return found;
  }

  void on_following(std::function<void(const ArchiveFollowing&)> tell) override {
    for (const auto& [name, served] : all()) {
      served->on_following([name = name, tell](const archive::Following& now) {
        tell({name, now.answers, now.seconds, now.error});
      });
    }
  }

  [[nodiscard]] ArchiveDrifts& drifts() const override { return *drifts_; }

  [[nodiscard]] bool sees_all(std::string_view caller) const override {
    const std::lock_guard lock(mutex_);
    return std::all_of(specs_.begin(), specs_.end(), [&](const ArchiveSpec& spec) {
      const Right right = rights_->of(caller, spec.name);
      return right.search && !right.rows;
    });
  }

  [[nodiscard]] bool serves(std::string_view name) const override {
    return std::any_of(specs_.begin(), specs_.end(), [name](const ArchiveSpec& spec) { return spec.name == name; });
  }

  [[nodiscard]] std::string study_name(std::string_view name, std::string_view study) const override {
    const ServedArchives archives = all();
    const auto found = archives.find(name);
    return found == archives.end() ? std::string() : found->second->query_name(study);
  }

 private:
  [[nodiscard]] RequestPlan plan_of(ArchiveRoute route, const Service& service, const Asked& asked, HttpRequest request,
                                    const PathParameters& parameters) const {
    switch (route) {
      case ArchiveRoute::kInfo:
        return info(service, asked, destinations_);
      case ArchiveRoute::kStats:
        return stats(asked);
      case ArchiveRoute::kFacets:
        return facets(asked, request);
      case ArchiveRoute::kRefused:
        return refused(asked, request);
      case ArchiveRoute::kItem:
        return item(asked, parameters.at(1));
      case ArchiveRoute::kThumb:
        return thumb(asked, request, parameters.at(1));
      case ArchiveRoute::kPixels:
        return pixels(service, asked, request, parameters.at(1));
      case ArchiveRoute::kStudy:
        return study(service, asked, parameters.at(1));
      case ArchiveRoute::kSimilarity:
        return similarity(service, asked, parameters.at(1), json_object(request, service.limits));
      case ArchiveRoute::kMatches:
        return matches(asked, request, parameters.at(1));
      case ArchiveRoute::kNeighbours:
        return neighbours(service, asked, request, parameters.at(1));
      case ArchiveRoute::kHeatmap:
        return item_heatmap(
            service, asked, parameters.at(1),
            request.method == "POST" ? json_object(request, service.limits) : heatmap_body(request.query));
      case ArchiveRoute::kMap:
        return map_points(asked, request);
      case ArchiveRoute::kMapTile:
        return map_tile(asked, request, parameters.at(1), parameters.at(2), parameters.at(3));
      case ArchiveRoute::kMapLegend:
        return map_legend(asked, request);
      case ArchiveRoute::kMakeCard:
        return make_card(service, asked, std::move(request));
      case ArchiveRoute::kCard:
        return kept_card(asked, parameters.at(1));
      case ArchiveRoute::kPush:
        require(asked.right.push);
        return push_card(service, asked, destinations_, std::move(request), parameters.at(1));
      case ArchiveRoute::kPushTags:
        require(asked.right.push);
        return push_tags(service, asked, destinations_, std::move(request));
      case ArchiveRoute::kReplay:
        return replay_card(asked, request);
      case ArchiveRoute::kRemoveStudy:
        require(asked.right.remove);
        return remove_study(asked, request, parameters.at(1));
      case ArchiveRoute::kAddItems:
        require(asked.right.add);
        return add_items(service, asked, adding_, std::move(request));
      case ArchiveRoute::kAddLabels:
        require(asked.right.add);
        return give_labels(service, asked, std::move(request));
      case ArchiveRoute::kStoreStudies:
        require(asked.right.add);
        return store_studies(service, asked, adding_, std::move(request), {});
      case ArchiveRoute::kStoreStudy:
        require(asked.right.add);
        return store_studies(service, asked, adding_, std::move(request), parameters.at(1));
      case ArchiveRoute::kOutliers:
        return judge(Judging::kOutliers, asked, body_of(Judging::kOutliers, service, request));
      case ArchiveRoute::kDrift:
        return judge(Judging::kDrift, asked, body_of(Judging::kDrift, service, request));
      case ArchiveRoute::kTags:
        return judge(Judging::kTags, asked, body_of(Judging::kTags, service, request));
      case ArchiveRoute::kDups:
        return judge(Judging::kDups, asked, body_of(Judging::kDups, service, request));
      case ArchiveRoute::kClassify:
        return classify(service, asked, std::move(request));
      case ArchiveRoute::kHeads:
        require(!asked.heads.empty());
        return list_heads(asked);
      case ArchiveRoute::kTrainHead:
        require(asked.right.label);
        return train_head(service, asked, std::move(request));
      case ArchiveRoute::kHead:
        require(!asked.heads.empty());
        return kept_head(asked, parameters.at(1));
      case ArchiveRoute::kHeadFile:
        require(!asked.heads.empty());
        return head_file(asked, parameters.at(1), parameters.at(2));
      case ArchiveRoute::kApplyHead:
        require(!asked.heads.empty());
        return apply_head(service, asked, std::move(request), parameters.at(1));
      case ArchiveRoute::kRemoveHead:
        require(asked.right.label);
        return remove_head(asked, parameters.at(1));
      case ArchiveRoute::kAudit:
        require(asked.right.administer);
        return audit_list(asked, request);
      case ArchiveRoute::kSearch:
      case ArchiveRoute::kList:
        break;
    }
    return search(asked, read_search(service, *asked.served, asked.right, json_object(request, service.limits)));
  }

  /// What an archive's folder is now. Messages go to the log and name no path.
  [[nodiscard]] std::shared_ptr<archive::Served> followed(const ArchiveSpec& spec,
                                                          const std::shared_ptr<archive::Served>& served) const {
    // The replica of one in a database follows by itself; to ask the database would make all requests wait for it.
    if (archive::is_shared(spec.folder.native())) return served;
    std::shared_ptr<archive::Served> now = served;
    try {
      const std::filesystem::path folder = folder_of(spec);
      const bool same = folder == served->folder() && archive::read_format(folder).id == served->format().id;
      if (!same) now = std::make_shared<archive::Served>(folder, threads_);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("archive '{}': what its folder leads to now cannot be read: {}", spec.name,
                                            name_of(error.code())));
    }
    if (archive::are_related(now->format(), served->format())) return now;
    throw Error(Code::kBadFile, fmt::format("archive '{}': expected {}, one made of it by 'mi2 index reembed' or the "
                                            "one that it was made of, got {}",
                                            spec.name, served->format().id, now->format().id));
  }

  [[nodiscard]] ServedArchives all() const {
    const std::lock_guard lock(mutex_);
    return archives_;
  }

  /// Without a folder of heads the right to label is to nothing.
  [[nodiscard]] Right right_of(std::string_view caller, std::string_view name) const {
    const std::lock_guard lock(mutex_);
    Right right = rights_->of(caller, name);
    right.label = right.label && heads_.contains(name);
    return right;
  }

  /// Looks at the rights again when the turn of a request comes, and unless it has changed something when it is done.
  [[nodiscard]] RequestPlan held_to_rights(RequestPlan plan, const Asked& asked, std::string caller,
                                           bool changes) const {
    plan.changes = plan.changes || changes;
    plan.finish = [this, asked, caller = std::move(caller), changes = plan.changes,
                   finish = std::move(plan.finish)](const Vectors& vectors) {
      require_kept(asked.right, right_of(caller, asked.name));
      HttpResponse answer = finish(vectors);
      if (!changes) require_kept(asked.right, right_of(caller, asked.name));
      return answer;
    };
    return plan;
  }

  /// An archive that is not there and one that may not be seen are the same.
  [[nodiscard]] Asked find(const std::string& name, const HttpRequest& request) const {
    const ServedArchives archives = all();
    const auto found = archives.find(name);
    Right right = right_of(request.caller, name);
    if (found == archives.end() || !right.search) throw no_archive();
    return {name, found->second, std::move(right), folder_in(cards_, name), folder_in(heads_, name), threads_, audit_};
  }

  [[nodiscard]] RequestPlan list(const HttpRequest& request) const {
    std::string text;
    for (const auto& [name, served] : all()) {
      const Right right = right_of(request.caller, name);
      if (!right.search) continue;
      const archive::Format& format = served->format();
      text += fmt::format(R"({}{{"name": {}, "id": "{}", "dimensions": {}, "weights_sha256": {}, "rights": {}}})",
                          text.empty() ? "" : ", ", base::json_string(name), format.id, format.dimensions,
                          base::json_string(format.space.weights_sha256), rights_json(right));
    }
    RequestPlan plan;
    plan.finish =
        [body = fmt::format(R"({{"archives": [{}], "caller": {}}})", text, caller_json(request))](const Vectors&) {
          HttpResponse answer;
          answer.body = body;
          return answer;
        };
    return plan;
  }

  Folders cards_;  ///< of archives whose cards are kept
  Folders heads_;  ///< of archives that heads may be trained on
  std::vector<ArchiveSpec> specs_;
  unsigned threads_;
  Admission admission_;
  ArchiveAdding adding_;
  std::vector<Destination> destinations_;
  std::filesystem::path audit_;  ///< the folder of the audit list; empty: none is kept
  mutable std::mutex mutex_;     ///< of those below
  ServedArchives archives_;
  std::shared_ptr<const Rights> rights_;
  std::unique_ptr<DriftWatch> drifts_;  ///< the first to go
};

}  // namespace

std::shared_ptr<ArchiveRoutes> open(std::span<const ArchiveSpec> archives, const std::filesystem::path& rights,
                                    const Admission& admission, unsigned threads, const ArchiveAdding& adding,
                                    std::vector<Destination> destinations, std::filesystem::path audit) {
  return std::make_shared<Archives>(archives, rights, admission, threads, adding, std::move(destinations),
                                    std::move(audit));
}

}  // namespace mi2::protocols::archives
