DROP TABLE release_files;
