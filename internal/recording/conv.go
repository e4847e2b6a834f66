package recording

import (
	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/media"
	"zhilu.dev/zhilu/internal/recording/chain"
	"zhilu.dev/zhilu/internal/recording/record"
	"zhilu.dev/zhilu/internal/recording/storage"
)

// recordingOf is a row as it is shown in lists.
func recordingOf(r *record.Recording) Recording {
	out := Recording{
		ID: r.ID, Kind: r.Kind, State: r.State, Name: r.Name, Files: r.Files, Size: r.Size, Department: r.Department,
		Device: r.Device, DeviceName: r.DeviceName, DeviceHow: r.DeviceHow, Officer: r.Officer, OfficerName: r.OfficerName,
		Certainty: r.Certainty, Start: clock.FromMicros(r.StartAt), StartFrom: media.Origin(r.StartSource),
		End: clock.Interval{From: clock.FromMicros(r.EndFrom), To: clock.FromMicros(r.EndTo)}, StoredAt: clock.FromMicros(r.StoredAt),
		Verdict: storage.Verdict(r.Verdict), Flags: r.FlagList(), Reviewed: r.Inbox == record.InboxSettled, Waiting: r.Inbox == record.InboxWaiting, Unexplained: r.AsksCustodian(), Card: r.Card,
		Seq: r.Seq,
	}
	if r.Duration >= 0 {
		out.Duration, out.HasDuration = record.Micros(r.Duration), true
	}
	if r.Whole > 0 {
		out.Duration, out.HasDuration = record.Micros(r.Whole), true
	} else if r.Whole < 0 {
		out.Duration, out.HasDuration = 0, false
	}
	return out
}

func fileOf(r *record.File) File {
	return File{
		ID: r.ID, Recording: r.Recording, Name: r.Name, Path: r.Path, Size: r.Size, SHA256: r.SHA256, SM3: r.SM3, State: r.State,
		ModTime: clock.FromMicros(r.MTime), StoredAt: clock.FromMicros(r.StoredAt), VerifiedAt: clock.FromMicros(r.VerifiedAt),
		Medium: r.Medium, Upload: r.Upload, Entry: r.Entry, Facts: chain.Facts(r),
	}
}

func noteOf(r *record.Note) Note {
	n := Note{
		Kind: r.Kind, At: clock.FromMicros(r.At), By: r.By, ByName: r.ByName, Reason: r.Reason, Words: r.Words,
		Where: r.Place, Device: r.Device, Officer: r.Officer, Entry: r.Entry,
	}
	if r.Kind == NoteReturn {
		n.ReturnedAt = clock.FromMicros(r.Moment)
	} else {
		n.StoredAt = clock.FromMicros(r.Moment)
	}
	return n
}
