package clip_test

import (
	"bytes"
	"errors"
	"testing"

	"zhilu.dev/zhilu/internal/verify/clip"
)

func FuzzRead(f *testing.F) {
	head := append([]byte{0, 0, 0, 16}, "ftypisom\x00\x00\x02\x00"...)
	f.Add([]byte{})
	f.Add(head)
	f.Add(append(bytes.Clone(head), 0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0, 0, 0, 0, 0, 20, 1, 2, 3, 4))
	f.Add(append(bytes.Clone(head), 0xff, 0xff, 0xff, 0xff, 'f', 'r', 'e', 'e'))
	f.Add(append(bytes.Clone(head), 0, 0, 0, 24, 'u', 'u', 'i', 'd', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))
	f.Fuzz(func(t *testing.T, in []byte) {
		digest, size, statement, err := clip.Read(bytes.NewReader(in), int64(len(in)))
		switch {
		case errors.Is(err, clip.ErrForm), errors.Is(err, clip.ErrNoStatement):
		case err != nil:
			t.Fatal(err)
		default:
			if size+24+int64(len(statement)) != int64(len(in)) || len(digest) != 64 {
				t.Fatalf("%d bytes of media and %d of statement in %d", size, len(statement), len(in))
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(clip.Format + "\n{}\n")
	f.Add(clip.Format + "\n" + `{"copy_id":"a","no":1,"bureau":"b","origin":"o","recording_id":"r","originals":[{"file_id":"f","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":1,"from_ms":0,"to_ms":5}],"plan":{"from_ms":0,"to_ms":5,"regions":[],"sounds":[]},"why":"w","made_by":{"id":"p","name":"n","at":"t"},"approved_by":[{"id":"h","name":"n","at":"t"}],"tool":"t","sandbox":"s","made_at":"2026-11-28T01:02:03.000000Z","media":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":9,"length_ms":5},"entry_id":"e"}` + "\n")
	f.Fuzz(func(t *testing.T, in string) {
		st, ok := clip.Parse(in)
		if ok && (len(st.Originals) == 0 || len(st.Approved) == 0 || st.Plan.To <= st.Plan.From) {
			t.Fatalf("%+v", st)
		}
	})
}
