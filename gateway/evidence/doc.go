// Package evidence is the form in which footage leaves: a package of files that a stranger can check, and what checks it.
//
// # What it owns
//
// The layout of a package, its manifest, its signature, and Verify, which needs neither the gateway nor its keys. FORMAT.md says what is
// in a package and what each check proves. It reads no store and runs no export: that is gateway/exports.
//
// # What is promised
//
// Of a package that Verify finds sound: every file is the one the signer listed; the samples of original clips hash to the digests that
// were noted while they were recorded; the export is in the audit log that the checkpoint was signed for; and within the ranges that the
// package says it covers nothing is missing but the gaps that it names. Whose key signed is claimed only when a fingerprint was given.
//
// # Bounds
//
// MaxManifest, maxSmall, MaxFiles; clips of any size are read once, a fragment at a time, of at most fmp4.MaxFragment bytes.
package evidence

// Bounds of a package.
const (
	MaxManifest = 64 << 20 // bytes of manifest.json: some 500 hours of clips
	MaxFiles    = 4096     // files that a manifest lists
	maxSmall    = 4 << 20  // bytes of each other file that is read whole
	maxMoov     = 1 << 20  // bytes of each of the boxes that are read whole, beside moof
)

// The names of a package's own files.
const (
	ManifestFile   = "manifest.json"
	SignatureFile  = "manifest.json.minisig"
	KeyFile        = "minisign.pub"
	SumsFile       = "SHA256SUMS"
	PageFile       = "index.html"
	ProofFile      = "log/proof.json"
	CheckpointFile = "log/checkpoint.txt"
	LogKeyFile     = "log/key.pub"
)

// own are the files that the manifest does not list, because they are made after it.
var own = []string{ManifestFile, SignatureFile, KeyFile, SumsFile, ProofFile, CheckpointFile, LogKeyFile}
