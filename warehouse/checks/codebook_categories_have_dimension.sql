SELECT dimension, category FROM codebook_categories c WHERE NOT EXISTS (FROM codebook_dimensions d WHERE d.dimension = c.dimension)
