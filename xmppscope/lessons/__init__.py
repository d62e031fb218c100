"""Lessons: walks through real recordings, step by step, with questions that the state machines ask and answer.

A lesson is a plan (`plans/NAME.txt`: which recording, which entries, which questions), and texts in each language
(`texts/LANGUAGE/NAME.txt`). Nothing in here touches the world: who reads the recordings, and who shows the steps, is
the command's business.
"""
