-- requires: stance cooperation_intensity contestation_intensity
SELECT passage_id, stance, cooperation_intensity, contestation_intensity FROM scores
WHERE stance <> CASE
    WHEN cooperation_intensity <> '0' AND contestation_intensity <> '0' THEN 'mixed'
    WHEN cooperation_intensity <> '0' THEN 'cooperation'
    WHEN contestation_intensity <> '0' THEN 'contestation'
    ELSE 'neutral' END
