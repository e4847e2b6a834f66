package bmff_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"zhilu.dev/zhilu/internal/media/bmff"
)

func chunk(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), append([]byte(typ), body...)...)
}

func offsets(wide bool, at ...uint64) []byte {
	body := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(len(at)))
	for _, v := range at {
		if wide {
			body = binary.BigEndian.AppendUint64(body, v)
		} else {
			body = binary.BigEndian.AppendUint32(body, uint32(v))
		}
	}
	if wide {
		return chunk("co64", body)
	}
	return chunk("stco", body)
}

func movie(tracks ...[]byte) []byte {
	var traks [][]byte
	for _, t := range tracks {
		traks = append(traks, chunk("trak", chunk("tkhd", make([]byte, 20)), chunk("mdia", chunk("minf", chunk("stbl", t)))))
	}
	return chunk("moov", append([][]byte{chunk("mvhd", make([]byte, 100))}, traks...)...)
}

// The index is put before the samples, and every place in it still leads to the same sample.
func TestFront(t *testing.T) {
	t.Parallel()
	brand := chunk("ftyp", []byte("mp42....mp42"))
	data := chunk("mdat", []byte(strings.Repeat("-", 100)), []byte("first"), []byte(strings.Repeat("-", 100)), []byte("other"), []byte("tail"))
	base := len(brand)
	first, other := uint64(base+8+100), uint64(base+8+205)
	for name, index := range map[string][]byte{
		"narrow": movie(offsets(false, first, other)), "wide": movie(offsets(true, first, other)), "both": movie(offsets(false, first), offsets(true, other)),
	} {
		file := slices.Concat(brand, data, chunk("free", []byte("x")), index)
		r, err := bmff.Front(t.Context(), bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if i, d := bytes.Index(out, []byte("moov")), bytes.Index(out, []byte("mdat")); i < 0 || i > d {
			t.Errorf("%s: index at %d, samples at %d", name, i, d)
		}
		var found []string
		for at := 0; ; {
			n := bytes.Index(out[at:bytes.Index(out, []byte("mdat"))], []byte("co64")) // what comes after is the old index, never read
			if n < 0 {
				break
			}
			at += n + 8
			for i := range binary.BigEndian.Uint32(out[at:]) {
				place := binary.BigEndian.Uint64(out[at+4+8*int(i):])
				found = append(found, string(out[place:place+5]))
			}
		}
		if !slices.Equal(found, []string{"first", "other"}) {
			t.Errorf("%s: the places lead to %q", name, found)
		}
		if !bytes.Contains(out, data) {
			t.Errorf("%s: the samples were touched", name)
		}
		ahead := slices.Concat(brand, index, data)
		same, err := bmff.Front(t.Context(), bytes.NewReader(ahead), int64(len(ahead)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(same); err != nil || !bytes.Equal(got, ahead) {
			t.Errorf("%s: a file in order was changed: %v", name, err)
		}
	}
}

func TestFrontRefuses(t *testing.T) {
	t.Parallel()
	brand := chunk("ftyp", []byte("mp42....mp42"))
	big := chunk("mdat", make([]byte, 4<<20))
	at := func(from, to uint64) []byte { return offsets(false, from, to) }
	lying := movie(offsets(false, 100, 200))
	binary.BigEndian.PutUint32(lying[bytes.Index(lying, []byte("stco"))+8:], 1<<30)
	deep := offsets(false, 100, 200)
	for range 12 {
		deep = chunk("trak", deep)
	}
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"no index":           {slices.Concat(brand, big), bmff.ErrNoIndex},
		"nothing":            {nil, bmff.ErrNoIndex},
		"half an index":      {slices.Concat(brand, big, movie(at(100, 200))[:60]), bmff.ErrNoIndex},
		"sound after all":    {slices.Concat(brand, big, movie(at(100, 1<<21), at(1<<21, 4<<20))), bmff.ErrBackward},
		"before the samples": {slices.Concat(brand, big, movie(at(4, 200))), bmff.ErrBackward},
		"a lying count":      {slices.Concat(brand, big, lying), bmff.ErrIndex},
		"boxes without end":  {slices.Concat(brand, big, chunk("moov", deep)), bmff.ErrIndex},
		"packed":             {slices.Concat(brand, big, chunk("moov", chunk("cmov", []byte("zlib")))), bmff.ErrIndex},
		"no places":          {slices.Concat(brand, big, movie(chunk("stsd"))), bmff.ErrIndex},
	} {
		if _, err := bmff.Front(t.Context(), bytes.NewReader(c.file), int64(len(c.file))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzFront: whatever a file says of itself, reading it ends and stays within it.
func FuzzFront(f *testing.F) {
	brand := chunk("ftyp", []byte("mp42....mp42"))
	f.Add(slices.Concat(brand, chunk("mdat", make([]byte, 64)), movie(offsets(false, 40, 60), offsets(true, 50))))
	f.Add(slices.Concat(brand, movie(offsets(true, 1<<63, 3)), chunk("mdat", make([]byte, 8))))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := bmff.Front(t.Context(), bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		if n, err := io.Copy(io.Discard, r); err != nil || n > 4*int64(len(content))+1024 {
			t.Fatalf("%d bytes of %d, %v", n, len(content), err)
		}
	})
}
