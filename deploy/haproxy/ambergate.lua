-- Asks ambergate whether a request may pass. Where it cannot be reached requests pass, as of a
-- tenant that stands well, and the app is told that nobody was asked.

local HOP = {
    ["connection"] = true,
    ["content-length"] = true,
    ["host"] = true,
    ["keep-alive"] = true,
    ["te"] = true,
    ["trailer"] = true,
    ["transfer-encoding"] = true,
    ["expect"] = true,
    ["x-original-method"] = true,
    ["x-original-uri"] = true,
}

local function first(answer, name)
    local values = answer.headers and answer.headers[name]
    return values and values[0]
end

local function ask(txn, address)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not HOP[name] then
            headers[name] = {}
            for place, value in pairs(values) do
                headers[name][place + 1] = value
            end
        end
    end
    headers["x-original-method"] = { txn.sf:method() }
    headers["x-original-uri"] = { txn.sf:pathq() }
    return core.httpclient():get {
        url = "http://" .. address .. "/authz/haproxy",
        headers = headers,
        timeout = 250,
    }
end

core.register_action("ambergate", { "http-req" }, function(txn, address)
    local answer = ask(txn, address)
    if not answer or not answer.status or answer.status == 0 or answer.status >= 500 then
        txn:set_var("txn.ambergate_stage", "full")
        txn:set_var("txn.ambergate_scope", "*")
        txn:set_var("txn.ambergate_source", "default")
        return
    end
    if answer.status == 200 then
        for _, name in ipairs({ "tenant", "stage", "scope", "source", "until" }) do
            local said = first(answer, "ambergate-" .. name)
            if said then
                txn:set_var("txn.ambergate_" .. name, said)
            end
        end
        return
    end
    local reply = txn:reply({ status = answer.status })
    for name, values in pairs(answer.headers) do
        if not HOP[name] then
            for _, value in pairs(values) do
                reply:add_header(name, value)
            end
        end
    end
    reply:set_body(answer.body or "")
    txn:done(reply)
end, 1)
