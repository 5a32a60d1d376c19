-- requires: mode stance
SELECT passage_id, mode, stance FROM scores WHERE (mode = 'not_applicable') <> (stance = 'neutral')
