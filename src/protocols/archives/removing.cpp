#include "protocols/archives/removing.hpp"

#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/served.hpp"
#include "protocols/archives/query.hpp"

namespace mi2::protocols::archives {

RequestPlan remove_study(const Asked& asked, const HttpRequest& request, const std::string& uid) {
  static const std::vector<std::string> kKnown{"erase"};
  constexpr std::size_t kLongestUid = 256;
  const auto query = read_query(request.query, kKnown);
  const auto flag = query.find("erase");
  const bool erase = flag != query.end() && read_flag(flag->second, "erase");
  if (uid.size() > kLongestUid) throw Error(Code::kNotFound, "study: there is none of this identifier");
  RequestPlan plan;
  plan.stop.emplace();
  plan.apart = Apart::kSearch;
  plan.archive = record_of(asked);
  plan.lane = "delete";
  plan.archive->action = erase ? "erase" : "delete";
  plan.archive->query = asked.served->query_name(uid);
  plan.finish = [asked, uid, erase, record = plan.archive](const Vectors&) {
    HttpResponse answer;
    guarded(*record, {}, [&] {
      const archive::RemovedStudy removed = asked.served->remove_study(uid, asked.right.rows, erase);
      record->found = removed.images;
      answer.body = fmt::format(R"({{"images": {}, "erased": {}, "clean": {}}})", removed.images, erase, removed.clean);
    });
    return answer;
  };
  return plan;
}

}  // namespace mi2::protocols::archives
