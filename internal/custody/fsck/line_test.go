package fsck_test

import (
	"encoding/json"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/custody/fsck"
)

// The form of a finding is docs/formats/fsck-json.md: scripts of others read it.
func TestLine(t *testing.T) {
	t.Parallel()
	good := time.Date(2026, 11, 27, 2, 10, 0, 0, time.UTC)
	for _, c := range []struct {
		f    fsck.Finding
		want string
	}{
		{
			fsck.Finding{Code: "object.changed", ID: "aa", What: "chunk 3", LastGood: &good, File: "f", Recording: "r"},
			`{"kind":"changed","subject":"aa","last_good":"2026-11-27T02:10:00Z","code":"object.changed","what":"chunk 3","file_id":"f","recording_id":"r"}`,
		},
		{fsck.Finding{Code: "object.missing", ID: "aa"}, `{"kind":"missing","subject":"aa","last_good":null,"code":"object.missing"}`},
		{fsck.Finding{Code: "row.missing", ID: "x"}, `{"kind":"missing","subject":"x","last_good":null,"code":"row.missing"}`},
		{fsck.Finding{Code: "object.added", ID: "x"}, `{"kind":"added","subject":"x","last_good":null,"code":"object.added"}`},
		{fsck.Finding{Code: "vault.foreign", ID: "x"}, `{"kind":"added","subject":"x","last_good":null,"code":"vault.foreign"}`},
		{fsck.Finding{Code: "row.added", ID: "x"}, `{"kind":"added","subject":"x","last_good":null,"code":"row.added"}`},
		{fsck.Finding{Code: "log.tree.tile"}, `{"kind":"log","subject":"","last_good":null,"code":"log.tree.tile"}`},
		{fsck.Finding{Code: "receipt.wrong", ID: "x"}, `{"kind":"changed","subject":"x","last_good":null,"code":"receipt.wrong"}`},
		{fsck.Finding{Code: "database.damaged"}, `{"kind":"changed","subject":"","last_good":null,"code":"database.damaged"}`},
	} {
		got, err := json.Marshal(c.f.Line())
		if err != nil || string(got) != c.want {
			t.Errorf("%s %v, want %s", got, err, c.want)
		}
	}
}
