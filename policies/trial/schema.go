package trial

import "stagecoach/policies"

// File gives the form of a file of tests, empty.
func File() any { return testsFile{} }

// Schema gives the JSON schema of a file of tests, for editors.
func Schema() ([]byte, error) {
	return policies.SchemaOf("tests of a Stagecoach policy set", testsFile{})
}
