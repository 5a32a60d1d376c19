-- requires: contestation_locus contestation_intensity
SELECT passage_id, contestation_locus, contestation_intensity FROM scores
WHERE (contestation_locus = 'not_applicable') <> (contestation_intensity = '0')
