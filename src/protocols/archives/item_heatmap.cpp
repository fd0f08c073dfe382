#include "protocols/archives/item_heatmap.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/item_file.hpp"
#include "base/utf8.hpp"
#include "embedder/heatmap.hpp"
#include "protocols/answers.hpp"
#include "protocols/archives/items.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/routes.hpp"

namespace mi2::protocols::archives {
namespace {

constexpr int kConflict = 409;

/// What is computed, and with what.
struct HeatmapTask {
  std::uint64_t row = 0;
  AskedSearch wanted;
  std::shared_ptr<const ServedModel> model;
  ImageOptions image;  ///< as the archive's images were prepared
};

HttpResponse conflict(std::string_view why) { return refusal(ErrorFormat::kOpenAi, kConflict, "conflict", why); }

std::string map_json(const HeatmapTask& task, const archive::ItemFile& file, std::span<const float> direction) {
  const SharedModel& shared = task.model->shared;
  const embedder::Patches patches = archive::patches_of(file, *shared.embedder, task.image, shared.in_turn);
  const embedder::Heatmap map = embedder::heatmap(patches, direction);
  const std::string query = R"("query":"search")";
  return embedder::heatmaps_json(patches, {&map, 1}, {&query, 1});
}

}  // namespace

Json heatmap_body(std::string_view query) {
  static const std::vector<std::string> kKnown{"query"};
  const auto values = read_query(query, kKnown);
  const auto text = values.find("query");
  if (text == values.end() || text->second.empty()) {
    throw Error(Code::kBadArgument, "query: expected a text to look for, got none");
  }
  base::require_utf8({&text->second, 1}, "query");
  return {{"text", text->second}};
}

RequestPlan item_heatmap(const Service& service, const Asked& asked, const std::string& number, Json body) {
  constexpr std::array kOptions{"k", "by", "match", "same_patient", "where", "exclude_study", "cursor"};
  for (const char* option : kOptions) {
    if (body.contains(option)) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: expected what is searched for alone; a map has no results", option));
    }
  }
  auto task = std::make_shared<HeatmapTask>();
  task->row = item_number(number);
  task->model = find_model(service, asked.served->format());
  if (!task->model || !task->model->shared.embedder) {
    return answer_at_once(conflict("model: expected a server with the model of the archive's weights"));
  }
  try {
    task->image = archive::options_of(asked.served->format().space, service.images);
  } catch (const Error& error) {
    return answer_at_once(conflict(error.what()));
  }
  // No more is read of a disk than a client may send.
  task->image.max_file_bytes = std::min(task->image.max_file_bytes, service.max_body_bytes);
  task->wanted = read_search(service, *asked.served, asked.right, std::move(body));
  RequestPlan plan;
  plan.work = std::move(task->wanted.work);
  plan.stop.emplace();
  plan.apart = Apart::kHeatmap;
  plan.archive = record_of(asked);
  plan.archive->action = "heatmap";
  plan.archive->query = asked.served->query_name(task->wanted.query);
  plan.archive->parts = task->wanted.parts.size();
  plan.finish = [asked, task, stop = plan.stop->get_token(), record = plan.archive](const Vectors& vectors) {
    archive::ItemFile file;
    std::vector<float> direction;
    guarded(*record, stop, [&] {
      asked.served->look([&](archive::Reader& reader) {
        if (stop.stop_requested()) throw Error(Code::kInternal, "heatmap: stopped");
        note(*record, reader);
        file = archive::file_of(reader, visible_item(reader, asked.right, task->row));
        direction = archive::direction_of(query_parts(reader, task->wanted, vectors));
      });
    });
    HttpResponse answer;
    try {
      answer.body = map_json(*task, file, direction);
      record->found = 1;
    } catch (const Error& error) {
      if (error.code() != Code::kBadFile && error.code() != Code::kUnsupported) throw;
      return conflict(error.what());
    }
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
