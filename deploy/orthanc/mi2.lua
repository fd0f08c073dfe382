-- Sends each instance that Orthanc stores to mi2, and keeps its vector as the instance's metadata "mi2-embedding":
-- a JSON array, to be had at /instances/{id}/metadata/mi2-embedding. "mi2-weights" names the weights it came from.
--
-- MI2_URL (http://127.0.0.1:5001) and MI2_API_KEY in Orthanc's environment say where mi2 is; orthanc.json beside this
-- file registers the script and both names. What has no pixels (reports, plans) is left without a vector. No identifier
-- of a patient is logged.

local URL = os.getenv('MI2_URL') or 'http://127.0.0.1:5001'
local KEY = os.getenv('MI2_API_KEY')

local function headers()
  local found = { ['content-type'] = 'application/dicom' }
  if KEY then
    found['authorization'] = 'Bearer ' .. KEY
  end
  return found
end

-- The vector of a file as mi2 wrote it: parsing its numbers would round them.
local function embed(file)
  local sent, answer = pcall(HttpPost, URL .. '/v1/embed', file, headers())
  if not sent or not answer then
    return nil
  end
  return string.match(answer, '"image_embeddings"%s*:%s*%[%s*(%b[])')
end

-- The hash of the weights of the model that embeds: of several the one that answers requests which name none.
local function weights()
  local asked, answer = pcall(HttpGet, URL .. '/info', headers())
  local info = asked and answer and ParseJson(answer)
  for _, model in pairs(info and info.models or {}) do
    if model.name == info.default_model then
      return model.weights_sha256
    end
  end
  return nil
end

function OnStoredInstance(instance, tags, metadata, origin)
  local place = '/instances/' .. instance
  local vector = embed(RestApiGet(place .. '/file', true))
  -- Both or neither: beside a new vector, a hash from before would name other weights.
  local source = vector and weights()
  if not source then
    print('mi2: no vector for instance ' .. instance)
    return
  end
  RestApiPut(place .. '/metadata/mi2-embedding', vector, true)
  RestApiPut(place .. '/metadata/mi2-weights', source, true)
end
