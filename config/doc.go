// Package config turns the operator's YAML file into a valid Config.
//
// # What it owns
//
// The file's grammar: every field, its meaning, default and bounds stand in one table (table.go). The parser, the JSON
// Schema (Schema) and REFERENCE.md are made from that table, so they cannot disagree.
//
// The file is the operator's. The program reads it and never writes it.
//
// # Promises
//
//   - A file that is valid stays valid in every later version, with the same meaning. testdata/v1 holds such files; a
//     test reads them for ever. Fields may be added, values may become allowed, neither is ever taken away.
//   - All problems are reported at once, each as "file:line:col: field: reason; allowed: ...". Columns count
//     characters from 1.
//   - An unknown field is a problem, with the field that was probably meant. A setting that would keep nothing although
//     recording is on is a problem, not a surprise.
//   - A password may hold any character. No message quotes a password, or an address that may hide one.
//
// # Bounds
//
// A file has at most 1 MiB (maxFile), 32 levels (maxDepth), 512 cameras (maxCameras); a password file at most 4 KiB
// (maxSecretFile). YAML anchors, aliases, merge keys and tags are refused: what cannot be shared cannot be expanded
// without bound, and a line says what it says. Beyond 100 problems (maxProblems) only their number is told.
//
// # What it does not do
//
// It opens no connection, creates no directory and resolves no name: whether a camera answers or a volume is mounted is
// found out by those who use it.
package config
