"""The running application: command line, settings, wiring, timetable and delivery."""
