"""Labels as flat fields of other vocabularies: one file per vocabulary, one row each in :data:`PROJECTIONS`."""
