package record_test

import (
	"slices"
	"testing"

	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// TestQueue is R-21-2: the inbox holds what a person must do something about, and nothing else.
func TestQueue(t *testing.T) {
	t.Parallel()
	const none, waits, settled = record.InboxNone, record.InboxWaiting, record.InboxSettled
	for _, c := range []struct {
		name      string
		flags     []record.Flag
		verdict   storage.Verdict
		explained bool
		from, to  int
	}{
		{"nothing is wrong", nil, storage.InTime, false, none, none},
		{"a doubt of time that changes nothing", record.TimeFlags(), storage.InTime, false, none, none},
		{"… nor in the designated storage", record.TimeFlags(), storage.Designated, false, none, none},
		{"what pages only tell", []record.Flag{record.FlagDuplicate, record.Flag(media.FlagMisnamed), record.Flag(media.FlagNoAudio), record.Flag(media.FlagPicture)}, storage.InTime, false, none, none},
		{"late", nil, storage.Late, false, none, waits},
		{"late and explained", record.TimeFlags(), storage.Late, true, waits, none},
		{"cannot be judged", nil, storage.CannotJudge, false, none, waits},
		{"a return that does not help to judge", nil, storage.CannotJudge, true, waits, waits},
		{"judged since", record.TimeFlags(), storage.InTimeReturn, true, waits, none},
		{"nobody's, though in time", []record.Flag{record.FlagUnknownDevice}, storage.InTime, false, none, waits},
		{"explained, and still nobody's", []record.Flag{record.FlagNoOfficer}, storage.Late, true, waits, waits},
		{"settled stays settled", []record.Flag{record.FlagUnknownDevice}, storage.CannotJudge, false, settled, settled},
	} {
		r := record.Recording{Verdict: string(c.verdict), Inbox: c.from}
		r.SetFlags(c.flags)
		if r.Queue(c.explained); r.Inbox != c.to {
			t.Errorf("%s: %d, want %d", c.name, r.Inbox, c.to)
		}
	}
	for _, f := range record.InboxFlags() {
		r := record.Recording{Verdict: string(storage.InTime)}
		r.SetFlags([]record.Flag{f})
		if r.Queue(true); !r.AsksCustodian() || !slices.Contains(record.Asks(r.FlagList(), storage.InTime), f) {
			t.Errorf("%s asks nobody", f)
		}
	}
	for _, f := range record.TimeFlags() {
		for v, want := range map[storage.Verdict]bool{storage.InTime: false, storage.InTimeReturn: false, storage.Designated: false, storage.Late: true, storage.CannotJudge: true} {
			if slices.Contains(record.Asks([]record.Flag{f}, v), f) != want {
				t.Errorf("%s under %s", f, v)
			}
		}
	}
}
