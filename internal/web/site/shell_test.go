package site

import "testing"

// Every page below a place lights that place.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "/", "/duties/0199/waive": "/", "/recordings": "/recordings", "/recordings/0199/certificate": "/recordings", "/upload-files": "/upload-files",
		"/device-import": "/devices", "/devices/0199": "/devices", "/people-import": "/people", "/people/new": "/people", "/departments": "/people",
		"/appointments/0199/end": "/accounts", "/accounts/roles": "/accounts", "/custody/0199": "/custody", "/password": "", "/nowhere": "", "/peopleless": "",
	} {
		if got := placeOf(path); got != want {
			t.Errorf("%s belongs to %q, want %q", path, got, want)
		}
	}
}
