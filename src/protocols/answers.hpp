#pragma once
// Pieces of answers. Vectors go to text directly: thousands of numbers per request are no work for a document tree.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

#include "base/json_text.hpp"
#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// An RequestPlan without Work.
RequestPlan answer_at_once(HttpResponse answer);
/// The same, of a JSON body. @param answer  its status and outcome.
RequestPlan json_at_once(const Json& body, HttpResponse answer = {});

/// An answer without a body: a 200, or a 503 whose outcome is "not_ready".
HttpResponse readiness(bool ready);

using base::json_string;

/// [0.1,0.2]
void append_vector(std::string& text, std::span<const float> vector);

/// [[..],[..]]
void append_vectors(std::string& text, const EmbeddingMatrix& vectors);

/// {"version": .., "weights_sha256": .., "profile": .., "dtype": ..}, and the "frames" that were chosen, unless it is
/// the middle one.
std::string provenance_json(const ServedModel& model, const ImageOptions& images);

/// A 200 with the headers that name model and profile: x-mi2-profile, x-mi2-model, x-mi2-dtype, x-mi2-version,
/// x-mi2-weights-sha256.
HttpResponse model_answer(const ServedModel& model, Profile profile, std::string body);

/// Appends the warnings of an image to those of its request.
void add_warnings(std::vector<ImageWarning>& all, const std::string& image, std::span<const std::string> warnings);

/// The header x-mi2-warnings, if there are any: "row 3: image: name: what was found", joined by "; ", and cut between
/// two where they would pass 4 KB.
void add_warnings_header(HttpResponse& answer, std::span<const ImageWarning> warnings);

}  // namespace mi2::protocols
