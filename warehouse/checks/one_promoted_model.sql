SELECT model_version FROM models WHERE state = 'promoted' QUALIFY count(*) OVER () > 1
