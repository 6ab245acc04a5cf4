// Package fmp4 reads and writes the ISO base media files of Holdfast (ISO/IEC 14496-12, -14, -15).
//
// # What it owns
//
// The boxes of a segment and of live fragments, the compact sample table at a segment's end, the
// recovery of a torn file's whole prefix, and the virtual MP4 of any range over segments (Movie).
// It knows nothing of files, directories, clocks or networks: it appends to byte slices and reads
// from io.ReaderAt. BOXES.md beside this file holds the byte tables.
//
// # A segment
//
//	ftyp            brands iso6, mp41
//	uuid  header    camera, stream, run, wall-clock start, version, CRC-32C   (segments only)
//	moov            one trak per track; mvex; an edit list takes Track.Origin off
//	moof mdat …     fragments without anything between them; a seal (uuid) ends each moof of a segment
//	uuid  table     sizes, durations, composition offsets, sync points, digest leaves, salts, CRC-32C
//	mfra            tfra of the first video track, mfro last of all
//
// A fragment's mdat holds, for each track in ascending order of track_ID, that track's samples in
// decode order and nothing else. So the data of a fragment's first sample begins at the fragment's
// end less the sizes of all its samples, and the table needs no offset but each fragment's length.
//
// Samples are kept as the camera sent them. Video goes under avc1 and hvc1 with the parameter sets
// in avcC and hvcC; copies in the band stay where they are. G.711 is stored as sent (ulaw, alaw) and
// turned into FLAC when a Movie is read, because browsers play no G.711 in an MP4.
//
// # Encryption
//
// A segment may be protected by Common Encryption (ISO/IEC 23001-7, scheme cenc), so that a standard tool plays it
// given the key: Cipher, Table.Protect, Table.AppendSealed write it, Plain reads it with the offsets that it would have in clear.
// Sizes, times and digests stay readable without the key; samples and the digest's salts do not. Keys come from and go to
// whoever calls: this package derives, but never makes, keeps or finds one.
//
// # Bounds
//
// Every parser takes any input, allocates no more than its named bound, and never panics:
// MaxTracks, MaxName, MaxFragment, MaxFragments, MaxSamples, maxHeader, maxTable.
//
// # What it does not do
//
// It does not decode, it computes no digests (it carries leaves and salts), and it never looks for a file.
package fmp4

// Bounds of the format. A writer refuses to exceed them, so a reader may rely on them.
const (
	MaxTracks    = 16       // tracks of one movie
	MaxName      = 255      // bytes of a camera's or stream's name in a header
	MaxFragment  = 64 << 20 // bytes of one fragment: 5 s of 100 Mbit/s
	MaxFragments = 1 << 16  // fragments of one segment: 18 h at one a second
	MaxSamples   = 1 << 20  // samples of one segment, all tracks together
	maxParameter = 1<<16 - 1

	maxHeader = 1 << 20  // bytes of ftyp, header and moov together
	maxTable  = 64 << 20 // bytes of a sample table
	maxMoof   = 16 << 20 // bytes of one moof
)

const (
	nalLength = 4 // bytes of the length before each NAL unit
	boxHeader = 8 // bytes of size and type
	uuidBytes = boxHeader + 16
)
