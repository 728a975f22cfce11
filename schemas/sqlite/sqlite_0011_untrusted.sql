-- Whether what anybody may have written comes here at all.
CREATE INDEX changes_untrusted ON changes (id) WHERE json_extract(properties, '$.untrusted') = 1;
