-- Owns the requests of wrk: the addresses in the file that ADDRESSES names, one per line, in turn.

local requests, at = {}, 0

function init(_)
    for address in io.lines(os.getenv("ADDRESSES")) do
        requests[#requests + 1] = wrk.format("GET", address)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
