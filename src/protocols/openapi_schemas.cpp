#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kSchemas = R"json({
"Image": {"type": "string", "minLength": 1, "description": "PNG, JPEG, JPEG 2000, WebP, TIFF, GIF, BMP, DICOM or a volume as base64, with line breaks and a data:...;base64, in front if need be; an http(s) URL if the operator allows its host"},
"ImageOrNull": {"anyOf": [{"type": "string", "description": "As Image; empty: no image"}, {"type": "null"}]},
"TextOrNull": {"anyOf": [{"type": "string", "description": "UTF-8; empty: no text"}, {"type": ["number", "boolean"], "description": "As its text"}, {"type": "null"}]},
"Vector": {"type": "array", "items": {"type": "number"}},
"VectorsOrNull": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Vector"}}, {"type": "null"}]},
"RowObject": {"type": "object", "description": "Other members are passed over", "properties": {"image": {"$ref": "#/components/schemas/ImageOrNull"}, "text": {"$ref": "#/components/schemas/TextOrNull"}}},
"RowObjects": {"type": "array", "items": {"$ref": "#/components/schemas/RowObject"}},
"SplitTable": {"type": "object", "additionalProperties": false, "required": ["data"], "properties": {
  "columns": {"anyOf": [{"type": "array", "minItems": 1, "items": {"type": "string"}, "description": "image, text or both, once each; others are passed over"}, {"type": "null"}]},
  "index": {"anyOf": [{"type": "array"}, {"type": "null"}], "description": "As long as data; its values are not read"},
  "data": {"type": "array", "items": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/TextOrNull"}}, {"$ref": "#/components/schemas/RowObject"}, {"$ref": "#/components/schemas/TextOrNull"}]}, "description": "A list of values per row, one for each column, or a RowObject; of one column, the values themselves"}}},
"Flag": {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["true", "True", "false", "False"]}, {"type": "null"}]},
"ScoreParameters": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {
  "get_scaling_factor": {"$ref": "#/components/schemas/Flag"},
  "image_standardization_jpeg_compression_ratio": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 2147483647, "description": "0: the default; above 100: 100"}, {"type": "string", "pattern": "^0*[0-9]{1,10}$"}, {"type": "null"}]},
  "image_standardization_image_size": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 4096, "description": "0: the default"}, {"type": "string", "pattern": "^0*([0-9]|[1-9][0-9]{0,2}|[1-3][0-9]{3}|40[0-8][0-9]|409[0-6])$"}, {"type": "null"}]},
  "profile": {"anyOf": [{"type": "string", "enum": ["raw", "azure", "toolkit", "mcp"]}, {"type": "null"}]},
  "frames": {"description": "Which frame of a multi-frame DICOM object or page of a TIFF is embedded, from 1; exactly one", "anyOf": [{"type": "string", "pattern": "^(middle|all|first|0*[1-9][0-9]{0,17}|(every|center):0*[1-9][0-9]{0,17})$"}, {"type": "integer", "minimum": 1}, {"type": "null"}]},
  "provenance": {"$ref": "#/components/schemas/Flag"}}}]},
"ScoreRequest": {"type": "object", "required": ["input_data"], "properties": {
  "input_data": {"anyOf": [{"$ref": "#/components/schemas/SplitTable"}, {"$ref": "#/components/schemas/RowObjects"}]},
  "params": {"$ref": "#/components/schemas/ScoreParameters"}}},
"Provenance": {"type": "object", "required": ["version", "weights_sha256", "profile", "dtype", "instructions"], "properties": {"version": {"type": "string"}, "weights_sha256": {"type": "string"}, "profile": {"type": "string"}, "dtype": {"type": "string"}, "instructions": {"type": "string"}, "frames": {"type": "string", "description": "params.frames, unless it is middle"}}},
"RowAnswer": {"type": "object", "additionalProperties": false, "properties": {
  "image_features": {"type": "array", "items": {"$ref": "#/components/schemas/Vector"}},
  "text_features": {"type": "array", "items": {"$ref": "#/components/schemas/Vector"}},
  "scaling_factor": {"type": "number", "description": "The logarithm: similarities are exp(scaling_factor) * image . text"},
  "provenance": {"$ref": "#/components/schemas/Provenance"}}},
"LabelList": {"type": "array", "items": {"type": "object", "required": ["label", "score"], "properties": {"label": {"type": "string"}, "score": {"type": "number", "minimum": 0, "maximum": 1}}}},
"ScoreAnswer": {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/RowAnswer"}, {"$ref": "#/components/schemas/LabelList"}]}},
"InvocationsRequest": {"type": "object", "oneOf": [{"required": ["dataframe_split"]}, {"required": ["dataframe_records"]}, {"required": ["instances"]}, {"required": ["inputs"]}], "properties": {
  "dataframe_split": {"$ref": "#/components/schemas/SplitTable"},
  "dataframe_records": {"$ref": "#/components/schemas/RowObjects"},
  "instances": {"$ref": "#/components/schemas/Tensors"},
  "inputs": {"$ref": "#/components/schemas/Tensors"},
  "params": {"$ref": "#/components/schemas/ScoreParameters"}}},
"Column": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/TextOrNull"}}, {"$ref": "#/components/schemas/TextOrNull"}]},
"Tensors": {"anyOf": [
  {"type": "object", "properties": {"image": {"$ref": "#/components/schemas/Column"}, "text": {"$ref": "#/components/schemas/Column"}}},
  {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/RowObject"}, {"type": "array", "minItems": 2, "maxItems": 2, "items": {"$ref": "#/components/schemas/TextOrNull"}}]}}]},
"PredictRequest": {"type": "object", "required": ["labels"], "anyOf": [{"required": ["image"]}, {"required": ["images"]}], "properties": {
  "image": {"$ref": "#/components/schemas/Image"},
  "images": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Image"}},
  "labels": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "minLength": 1}},
  "multilabel": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
  "params": {"anyOf": [{"type": "object"}, {"type": "null"}], "description": "As of POST /score"}}},
"EncodeRequest": {"type": "object", "anyOf": [{"required": ["image"]}, {"required": ["images"]}, {"required": ["text"]}, {"required": ["texts"]}], "properties": {
  "image": {"anyOf": [{"$ref": "#/components/schemas/Image"}, {"type": "null"}]},
  "text": {"anyOf": [{"type": "string"}, {"type": "null"}]},
  "params": {"anyOf": [{"type": "object"}, {"type": "null"}], "description": "As of POST /score"},
  "images": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Image"}}, {"type": "null"}]},
  "texts": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}}},
"HeatmapRequest": {"type": "object", "required": ["image"], "anyOf": [{"required": ["text"]}, {"required": ["texts"]}, {"required": ["query_image"]}, {"required": ["query_images"]}], "properties": {
  "image": {"$ref": "#/components/schemas/Image"},
  "text": {"anyOf": [{"type": "string"}, {"type": "null"}]},
  "texts": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
  "query_image": {"anyOf": [{"$ref": "#/components/schemas/Image"}, {"type": "null"}]},
  "query_images": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Image"}}, {"type": "null"}]},
  "params": {"anyOf": [{"type": "object"}, {"type": "null"}], "description": "As of POST /score"}}},
"HeatmapAnswer": {"type": "object", "required": ["rows", "cols", "picture", "covers", "x", "y", "resolution", "maps"], "properties": {
  "rows": {"type": "integer", "minimum": 1}, "cols": {"type": "integer", "minimum": 1},
  "picture": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}, "description": "Width and height of the image, in its own pixels"},
  "covers": {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}, "description": "What all cells cover: x, y, width and height in pixels of the image"},
  "x": {"type": "array", "items": {"type": "number"}, "description": "Where columns begin, and the last ends: cols + 1 pixels of the image"},
  "y": {"type": "array", "items": {"type": "number"}, "description": "Where rows begin, and the last ends: rows + 1 pixels of the image"},
  "resolution": {"type": "string", "description": "What the maps can show, for people"},
  "maps": {"type": "array", "items": {"type": "object", "required": ["query", "least", "most", "whole", "cosines"], "properties": {
    "query": {"type": "string", "description": "text 1, .., image 1, .."},
    "least": {"type": "number"}, "most": {"type": "number"},
    "whole": {"type": "number", "description": "The cosine of the image's own vector"},
    "cosines": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "description": "Row by row"}}}}}},
"TeiRequest": {"type": "object", "required": ["inputs"], "properties": {
  "inputs": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}], "description": "Texts; a base64 data URI is an image"},
  "normalize": {"enum": [true, null]}, "prompt_name": {"type": "null"}, "dimensions": {"type": "null"},
  "truncate": {"anyOf": [{"type": "boolean"}, {"type": "null"}], "description": "false: a text of more tokens than the model reads is refused"},
  "truncation_direction": {"anyOf": [{"type": "string", "pattern": "^[Rr][Ii][Gg][Hh][Tt]$"}, {"type": "null"}]}}},
"EmbeddingsRequest": {"type": "object", "required": ["input"], "properties": {
  "model": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "A name of GET /v1/models; without it, the default model"},
  "input": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}]},
  "modality": {"anyOf": [{"type": "string", "enum": ["", "text", "image"]}, {"type": "null"}], "description": "Without it, a base64 data URI is an image and all else is text"},
  "encoding_format": {"anyOf": [{"type": "string", "enum": ["float", "base64"]}, {"type": "null"}]},
  "dimensions": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "description": "The first so many numbers, as a unit vector again"}}},
"EmbeddingsAnswer": {"type": "object", "required": ["object", "data", "model", "usage"], "properties": {
  "object": {"const": "list"}, "model": {"type": "string"},
  "data": {"type": "array", "items": {"type": "object", "required": ["object", "embedding", "index"], "properties": {
    "object": {"const": "embedding"}, "index": {"type": "integer"},
    "embedding": {"anyOf": [{"$ref": "#/components/schemas/Vector"}, {"type": "string", "description": "little-endian f32 as base64"}]}}}},
  "usage": {"type": "object", "required": ["prompt_tokens", "total_tokens"], "properties": {"prompt_tokens": {"type": "integer"}, "total_tokens": {"type": "integer"}}}}},
"OpenAiModel": {"type": "object", "required": ["id", "object", "created", "owned_by"], "properties": {"id": {"type": "string"}, "object": {"const": "model"}, "created": {"type": "integer"}, "owned_by": {"type": "string"}}},
"Tensor": {"type": "object", "required": ["name", "datatype", "shape"], "properties": {"name": {"type": "string"}, "datatype": {"type": "string"}, "shape": {"type": "array", "items": {"type": "integer"}}, "parameters": {"type": "object"}, "data": {"type": "array"}}},
"BytesTensor": {"type": "object", "required": ["name", "datatype", "shape", "data"], "properties": {
  "name": {"type": "string", "enum": ["image", "text"]}, "datatype": {"type": "string", "enum": ["BYTES"]},
  "shape": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
  "parameters": {"anyOf": [{"type": "object"}, {"type": "null"}]},
  "data": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "array"}]}}}},
"InferRequest": {"type": "object", "required": ["inputs"], "properties": {
  "id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
  "parameters": {"anyOf": [{"type": "object"}, {"type": "null"}]},
  "inputs": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"$ref": "#/components/schemas/BytesTensor"}},
  "outputs": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "parameters": {"anyOf": [{"type": "object"}, {"type": "null"}]}}}}]}}},
"InferAnswer": {"type": "object", "required": ["model_name", "outputs"], "properties": {"model_name": {"type": "string"}, "model_version": {"type": "string"}, "id": {"type": "string"}, "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}}}},
"KserveModel": {"type": "object", "required": ["name", "platform", "inputs", "outputs"], "properties": {"name": {"type": "string"}, "versions": {"type": "array", "items": {"type": "string"}}, "platform": {"type": "string"}, "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}}, "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}}}},
"Status": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}},
"Ready": {"type": "object", "required": ["ready"], "properties": {"ready": {"type": "boolean"}, "name": {"type": "string"}}},
"Readiness": {"type": "object", "required": ["status", "models"], "properties": {"status": {"type": "string"}, "models": {"type": "object", "additionalProperties": {"type": "boolean"}}}},
"AzureError": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
"MlflowError": {"type": "object", "required": ["error_code", "message"], "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}}},
"DetailError": {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}},
"OpenAiError": {"type": "object", "required": ["error"], "properties": {"error": {"type": "object", "required": ["message", "type", "param", "code"], "properties": {"message": {"type": "string"}, "type": {"type": "string"}, "param": {"type": "null"}, "code": {"type": "string"}}}}},
"KserveError": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
})json";

}  // namespace

std::string_view openapi_schemas() { return kSchemas; }

}  // namespace mi2::protocols
