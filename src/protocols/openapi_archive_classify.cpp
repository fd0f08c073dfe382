// The route that classifies images for the OpenAPI document.

#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kClassifyPaths = R"json({
"/v1/archives/{archive}/classify": {"post": {"tags": ["Archives"], "summary": "Scores of labels for images of the archive, or for images that are sent", "description": "As mi2 classify --embeddings, from the vectors that the archive has: labels are texts, in templates or not, or those of a served classifier. Of images that are sent, of items, or of what a filter lets by. A verdict says whether the nearest label is nearer than texts of nothing medical are to the archive.",
  "parameters": [{"$ref": "#/components/parameters/ArchiveInPath"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ClassifyRequest"},
    "example": {"labels": ["chest", "head"], "templates": ["computed tomography {}"], "where": "modality=CT"}}}},
  "responses": {"200": {"description": "Scores, in the order of the labels", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Classified"}}}}}}}
})json";

constexpr std::string_view kClassifySchemas = R"json({
"ClassifyRequest": {"type": "object", "additionalProperties": false, "properties": {
  "labels": {"anyOf": [{"type": "array", "minItems": 1, "maxItems": 4096, "items": {"type": "string", "minLength": 1, "maxLength": 1000}}, {"type": "null"}]},
  "templates": {"description": "Each has {} where the label goes, at most eight times; several are averaged", "anyOf": [{"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "string", "minLength": 2, "maxLength": 1000}}, {"type": "null"}]},
  "multilabel": {"type": ["boolean", "null"], "description": "Each label on its own: a sigmoid, not a softmax"},
  "classifier": {"type": ["string", "null"], "description": "In place of labels: one of the archive's classifiers"},
  "image": {"$ref": "#/components/schemas/SeveralImages"}, "items": {"$ref": "#/components/schemas/SeveralItems"},
  "where": {"$ref": "#/components/schemas/Filter"}, "by": {"enum": ["image", "series", null]},
  "limit": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}, {"type": "null"}]}}},
"ClassScores": {"type": "object", "required": ["label", "scores"], "properties": {
  "label": {"type": "string", "description": "The one with the highest score"}, "scores": {"type": "array", "items": {"type": "number"}},
  "cosine": {"type": "number", "description": "Of the nearest label; of a classifier there is none"}, "percentile": {"type": "number"},
  "verdict": {"enum": ["match", "weak", "none"], "description": "none: no label fits"}}},
"Classified": {"type": "object", "required": ["labels", "multilabel", "chosen", "snapshot", "more", "results"], "properties": {
  "labels": {"type": "array", "items": {"type": "string"}}, "multilabel": {"type": "boolean"}, "chosen": {"type": "integer", "description": "Images or series that the filter lets by"},
  "snapshot": {"type": "integer"}, "more": {"type": "boolean"},
  "results": {"type": "array", "items": {"anyOf": [
    {"allOf": [{"$ref": "#/components/schemas/ArchiveItem"}, {"$ref": "#/components/schemas/ClassScores"}]},
    {"allOf": [{"type": "object", "required": ["file"], "properties": {"file": {"type": "integer", "description": "From 1, in the order in which they were sent"}}}, {"$ref": "#/components/schemas/ClassScores"}]}]}}}}
})json";

}  // namespace

std::string_view openapi_archive_classify_paths() { return kClassifyPaths; }
std::string_view openapi_archive_classify_schemas() { return kClassifySchemas; }

}  // namespace mi2::protocols
