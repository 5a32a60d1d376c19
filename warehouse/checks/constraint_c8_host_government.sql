-- requires: voice cooperation_intensity
SELECT passage_id, voice, cooperation_intensity FROM scores WHERE voice = 'host_government' AND cooperation_intensity NOT IN ('0', '1')
