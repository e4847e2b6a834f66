package verify

import "zhilu.dev/zhilu/internal/verify/form"

// entryProofFormat names the form of an entry with its proof (docs/formats/entry-proof-v1.md).
const entryProofFormat = "zhilu-entry-proof/v1"

// entryProofFile is such a file, its members in the order in which they are written.
type entryProofFile struct {
	Format string     `json:"format"`
	Entry  shown      `json:"entry"`
	Proof  *inclusion `json:"proof"`
}

// Opened is a field of an entry that was opened. Value is its text; for a key of the detail it is JSON.
type Opened struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// checkEntryProof answers the three questions for one entry of the log: do its openings open what its leaf commits to,
// is the log's key trusted, is the leaf in the log. Nobody signs the entry itself: its signer is the log's, who put it
// there. Fields that stay closed are named; that is no fault, they were erased or are kept from the reader.
func checkEntryProof(data []byte, o Options) *Report {
	r := &Report{Kind: "entry"}
	var f entryProofFile
	if !form.Strict(data, &f, "  ") || f.Proof == nil {
		r.unreadable("entry.form", "")
		return r
	}
	r.RecordIntact.settle(Yes, "", "")
	_, closed, ok := r.checkOpenings(&f.Entry)
	if ok {
		for _, name := range closed {
			r.RecordIntact.settle(Yes, "field.closed", name)
		}
		for _, e := range f.Entry.Opened {
			r.Opened = append(r.Opened, Opened{e.Name, e.Value})
		}
	}
	if !r.checkInclusion(f.Proof, leafHash([]byte(f.Entry.Leaf)), "", o.Trust) {
		r.SignerTrusted.settle(Unknown, "", "")
	}
	return r
}
