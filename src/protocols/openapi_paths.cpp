#include "protocols/openapi_text.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kPaths = R"json({
"/score": {"post": {
  "tags": ["Azure ML"], "summary": "Vectors of rows of images and texts; of a classifier, scores of labels",
  "description": "One object per row, in row order; a side that a row does not have is left out. A classifier answers with a list of labels per row, best first. With --response-shape legacy the answer is three objects, each with all rows. params.profile, params.frames and params.provenance are mi2's own.",
  "parameters": [{"$ref": "#/components/parameters/Model"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ScoreRequest"},
    "example": {"input_data": {"columns": ["image", "text"], "index": [0], "data": [[null, "x-ray chest anteroposterior no finding"]]}, "params": {"get_scaling_factor": true}}}}},
  "responses": {"200": {"description": "The rows' answers", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ScoreAnswer"}}}}}}},
"/": {
 "get": {"tags": ["Azure ML"], "summary": "Healthy when the models are ready",
  "responses": {"200": {"description": "Healthy", "content": {"text/html": {"schema": {"type": "string", "const": "Healthy"}}}}}},
 "post": {"tags": ["Azure ML"], "summary": "As POST /score",
  "parameters": [{"$ref": "#/components/parameters/Model"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ScoreRequest"}}}},
  "responses": {"200": {"description": "The rows' answers", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ScoreAnswer"}}}}}}},
"/swagger.json": {"get": {"tags": ["Azure ML"], "summary": "POST /score as Swagger 2.0 or OpenAPI 3.0",
  "parameters": [{"name": "version", "in": "query", "required": false, "schema": {"type": "string", "enum": ["2", "3"]}}],
  "responses": {"200": {"description": "The document", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
"/invocations": {"post": {
  "tags": ["MLflow"], "summary": "Predictions for a table",
  "description": "Exactly one of dataframe_split, dataframe_records, instances and inputs, or CSV with a header of image, text or both.",
  "parameters": [{"$ref": "#/components/parameters/Model"}],
  "requestBody": {"required": true, "content": {
    "application/json": {"schema": {"$ref": "#/components/schemas/InvocationsRequest"},
      "example": {"dataframe_split": {"columns": ["text"], "data": [["x-ray chest anteroposterior no finding"]]}}},
    "text/csv": {"schema": {"type": "string"}}}},
  "responses": {"200": {"description": "A prediction a row", "content": {"application/json": {"schema": {"type": "object", "required": ["predictions"], "properties": {"predictions": {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/RowAnswer"}, {"$ref": "#/components/schemas/LabelList"}]}}}}}}}}}},
"/ping": {"get": {"tags": ["MLflow"], "summary": "200 when the models are ready",
  "responses": {"200": {"description": "Ready", "content": {"text/plain": {"schema": {"type": "string"}}}},
                "503": {"description": "Loading", "content": {"text/plain": {"schema": {"type": "string"}}}}}}},
"/version": {"get": {"tags": ["MLflow"], "summary": "The version of mi2",
  "responses": {"200": {"description": "The version", "content": {"text/plain": {"schema": {"type": "string"}}}}}}},
"/predict": {"post": {
  "tags": ["Community"], "summary": "Zero-shot classification: scores of labels for images",
  "parameters": [{"$ref": "#/components/parameters/Model"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PredictRequest"}}}},
  "responses": {"200": {"description": "Labels and probabilities of each image, best first", "content": {"application/json": {"schema": {"type": "object", "required": ["predictions"], "properties": {"predictions": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}}}}}}}}}},
"/encode": {"post": {
  "tags": ["Community"], "summary": "Vectors of images and texts",
  "parameters": [{"$ref": "#/components/parameters/Model"}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EncodeRequest"},
    "example": {"texts": ["x-ray chest anteroposterior no finding"]}}}},
  "responses": {"200": {"description": "One vector per input", "content": {"application/json": {"schema": {"type": "object", "required": ["image_embeddings", "text_embeddings"], "properties": {"image_embeddings": {"$ref": "#/components/schemas/VectorsOrNull"}, "text_embeddings": {"$ref": "#/components/schemas/VectorsOrNull"}}}}}}}}},
"/health": {"get": {"tags": ["Community", "MLflow"], "summary": "200 when the models are ready",
  "responses": {"200": {"description": "Ready", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}},
                "503": {"description": "Loading", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}}}}},
"/v1/embeddings": {"post": {
  "tags": ["OpenAI"], "summary": "Embeddings of texts, or of images as data URIs",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EmbeddingsRequest"},
    "example": {"input": ["x-ray chest anteroposterior no finding"], "encoding_format": "float"}}}},
  "responses": {"200": {"description": "An embedding an input", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EmbeddingsAnswer"}}}}}}},
"/v1/models": {"get": {"tags": ["OpenAI"], "summary": "The models",
  "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"type": "object", "required": ["object", "data"], "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/OpenAiModel"}}}}}}}}}},
"/v1/models/{model}": {"get": {"tags": ["OpenAI"], "summary": "One model",
  "parameters": [{"$ref": "#/components/parameters/ModelInPath"}],
  "responses": {"200": {"description": "The model", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAiModel"}}}}}}},
"/v2": {"get": {"tags": ["KServe V2"], "summary": "The server",
  "responses": {"200": {"description": "Name, version, extensions", "content": {"application/json": {"schema": {"type": "object", "required": ["name", "version", "extensions"], "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "extensions": {"type": "array", "items": {"type": "string"}}}}}}}}}},
"/v2/health/live": {"get": {"tags": ["KServe V2"], "summary": "Whether the process answers",
  "responses": {"200": {"description": "It does", "content": {"application/json": {"schema": {"type": "object", "required": ["live"], "properties": {"live": {"type": "boolean"}}}}}}}}},
"/v2/health/ready": {"get": {"tags": ["KServe V2"], "summary": "Whether the models are ready",
  "responses": {"200": {"description": "They are", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}},
                "503": {"description": "Loading", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}}}}},
"/v2/models/{model}": {"get": {"tags": ["KServe V2"], "summary": "A model's inputs and outputs",
  "parameters": [{"$ref": "#/components/parameters/ModelInPath"}],
  "responses": {"200": {"description": "Metadata", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KserveModel"}}}}}}},
"/v2/models/{model}/ready": {"get": {"tags": ["KServe V2"], "summary": "Whether a model is ready",
  "parameters": [{"$ref": "#/components/parameters/ModelInPath"}],
  "responses": {"200": {"description": "It is", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}},
                "503": {"description": "Loading", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}}}}}},
"/v2/models/{model}/infer": {"post": {
  "tags": ["KServe V2"], "summary": "Vectors of BYTES inputs image and text; of a classifier, scores",
  "description": "Images as base64 in data, or as they are in the binary extension (header inference-header-content-length).",
  "parameters": [{"$ref": "#/components/parameters/ModelInPath"},
                 {"name": "inference-header-content-length", "in": "header", "required": false, "schema": {"type": "integer", "minimum": 0}}],
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/InferRequest"},
    "example": {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["x-ray chest anteroposterior no finding"]}]}}}},
  "responses": {"200": {"description": "Outputs", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/InferAnswer"}}, "application/octet-stream": {}}}}}},
"/health/live": {"get": {"tags": ["Operations"], "summary": "Whether the process answers",
  "responses": {"200": {"description": "It does", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}}}}},
"/health/ready": {"get": {"tags": ["Operations"], "summary": "Whether a real forward pass of every model succeeded",
  "responses": {"200": {"description": "It did", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}},
                "503": {"description": "Loading", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}}}}},
"/info": {"get": {"tags": ["Operations"], "summary": "Version, models, profiles and limits",
  "responses": {"200": {"description": "What is served", "content": {"application/json": {"schema": {"type": "object", "required": ["name", "version", "models", "limits"]}}}}}}},
"/metrics": {"get": {"tags": ["Operations"], "summary": "Metrics for Prometheus",
  "responses": {"200": {"description": "mi2_*", "content": {"text/plain": {"schema": {"type": "string"}}}}}}},
"/openapi.json": {"get": {"tags": ["Operations"], "summary": "This document",
  "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
"/docs": {"get": {"tags": ["Operations"], "summary": "This document for people",
  "responses": {"200": {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}}}}
})json";

}  // namespace

std::string_view openapi_paths() { return kPaths; }

}  // namespace mi2::protocols
