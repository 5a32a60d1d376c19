SELECT event_no, record_id, state, reason FROM document_events
WHERE state NOT IN ('discovered', 'refused', 'missing', 'fetched', 'unreadable', 'extracted', 'classified', 'published')
   OR reason NOT IN ('ok', 'empty_file', 'wrong_type', 'unsupported_type', 'error_page', 'challenge_page', 'truncated', 'encrypted', 'too_large',
       'changed_while_read', 'forbidden', 'robots_disallowed', 'host_not_allowed', 'rate_limited', 'server_error', 'connection_failed', 'bad_answer',
       'file_missing', 'no_permission', 'not_found', 'not_published_yet', 'no_link', 'withdrawn', 'same_bytes', 'other_format', 'other_record',
       'broken_file', 'no_pages', 'no_text_layer', 'no_passages', 'timed_out', 'out_of_memory', 'output_too_large', 'extractor_crashed',
       'missing_program', 'language_not_modelled', 'nothing_to_code')
