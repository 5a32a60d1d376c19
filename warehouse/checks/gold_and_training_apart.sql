SELECT passage_id FROM samples WHERE purpose = 'gold' INTERSECT SELECT passage_id FROM samples WHERE purpose = 'training'
