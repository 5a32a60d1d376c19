SELECT mission_id, start_date, end_date FROM missions WHERE end_date < start_date
